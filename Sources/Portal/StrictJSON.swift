/// A JSON value that keeps the spelling of numbers, so that integers of any size stay exact.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// A number as it was spelled.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])
}

/// A reader of JSON text (RFC 8259) that accepts nothing two parsers could understand differently.
///
/// Foundation keeps one of several equal names without a word, so a token could mean one user here and another to its
/// issuer (RFC 8725 §2.4); it also rounds large numbers.
struct StrictJSON {
    /// Why a text was refused.
    enum Failure: Error {
        case notUTF8
        case syntax
        case duplicateName
        case tooDeep
        case notAnObject
    }

    /// Arrays and objects inside one another, the outermost included.
    static let maximumDepth = 16

    private let bytes: [UInt8]
    private var position = 0

    /// Reads one object, which is the whole text.
    static func parseObject(_ bytes: [UInt8]) throws(Failure) -> [(key: String, value: JSONValue)] {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
        var reader = StrictJSON(bytes: bytes)
        let value = try reader.readValue(depth: 0)
        reader.skipWhitespace()
        guard reader.position == bytes.count else { throw .syntax }
        guard case .object(let members) = value else { throw .notAnObject }
        return members
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipWhitespace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ text: StaticString) throws(Failure) {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count, bytes[position..<end].elementsEqual("\(text)".utf8) else { throw .syntax }
        position = end
    }

    private mutating func readValue(depth: Int) throws(Failure) -> JSONValue {
        skipWhitespace()
        switch next {
        case UInt8(ascii: "{"):
            return .object(try readObject(depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try readArray(depth: depth + 1))
        case UInt8(ascii: "\""):
            return .string(try readString())
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case UInt8(ascii: "t"):
            try expect("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .bool(false)
        default:
            return .number(try readNumber())
        }
    }

    private mutating func readObject(depth: Int) throws(Failure) -> [(key: String, value: JSONValue)] {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        position += 1
        skipWhitespace()
        var members: [(key: String, value: JSONValue)] = []
        if skip("}") { return members }
        // Names are compared as bytes: to `String`, composed and decomposed characters are equal.
        var names: Set<[UInt8]> = []
        repeat {
            skipWhitespace()
            guard next == UInt8(ascii: "\"") else { throw .syntax }
            let name = try readString()
            guard names.insert(Array(name.utf8)).inserted else { throw .duplicateName }
            skipWhitespace()
            try expect(":")
            members.append((name, try readValue(depth: depth)))
            skipWhitespace()
        } while skip(",")
        try expect("}")
        return members
    }

    private mutating func readArray(depth: Int) throws(Failure) -> [JSONValue] {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        position += 1
        skipWhitespace()
        var elements: [JSONValue] = []
        if skip("]") { return elements }
        repeat {
            elements.append(try readValue(depth: depth))
            skipWhitespace()
        } while skip(",")
        try expect("]")
        return elements
    }

    private mutating func readNumber() throws(Failure) -> String {
        let start = position
        _ = skip("-")
        if !skip("0") {
            try skipDigits()
        }
        if skip(".") {
            try skipDigits()
        }
        if skip("e") || skip("E") {
            _ = skip("+") || skip("-")
            try skipDigits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func skipDigits() throws(Failure) {
        let start = position
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
            position += 1
        }
        guard position > start else { throw .syntax }
    }

    private mutating func readString() throws(Failure) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text.append(contentsOf: String(try readEscape()).utf8)
            case 0..<0x20:
                throw .syntax
            default:
                text.append(byte)
            }
        }
        throw .syntax
    }

    private mutating func readEscape() throws(Failure) -> Unicode.Scalar {
        guard let byte = next else { throw .syntax }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try readUnicodeEscape()
        default: throw .syntax
        }
    }

    private mutating func readUnicodeEscape() throws(Failure) -> Unicode.Scalar {
        let first = try readHexQuad()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first) else { throw .syntax }
        try expect("\\u")
        let second = try readHexQuad()
        guard UTF16.isTrailSurrogate(second) else { throw .syntax }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func readHexQuad() throws(Failure) -> UInt16 {
        let end = position + 4
        guard end <= bytes.count else { throw .syntax }
        var value: UInt16 = 0
        for byte in bytes[position..<end] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .syntax }
            value = value << 4 | UInt16(digit)
        }
        position = end
        return value
    }
}
