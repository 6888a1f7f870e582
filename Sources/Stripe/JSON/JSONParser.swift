/// Turns bytes into a tape, strictly after RFC 8259.
///
/// That is: no comments, no trailing commas, no bare control
/// characters, valid UTF-8 only. A byte order mark in front is skipped, as RFC 8259 §8.1 allows.
struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var nodes: [JSONTape.Node] = []

    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONTape {
        guard bytes.count < Int(Int32.max) else { throw .malformed(offset: Int(Int32.max)) }
        var parser = JSONParser(bytes: bytes)
        try parser.parseText()
        return JSONTape(bytes: bytes, nodes: parser.nodes)
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        nodes.reserveCapacity(bytes.count / 12 + 1)
    }

    private mutating func parseText() throws(JSONError) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            position = 3
        }
        skipWhitespace()
        try parseValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw malformed }
    }

    private var malformed: JSONError { .malformed(offset: position) }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func parseValue(depth: Int) throws(JSONError) {
        guard position < bytes.count else { throw malformed }
        switch bytes[position] {
        case UInt8(ascii: "{"): try parseObject(depth: depth)
        case UInt8(ascii: "["): try parseArray(depth: depth)
        case UInt8(ascii: "\""): try parseString()
        case UInt8(ascii: "t"): try parseLiteral("true", kind: .true)
        case UInt8(ascii: "f"): try parseLiteral("false", kind: .false)
        case UInt8(ascii: "n"): try parseLiteral("null", kind: .null)
        default: try parseNumber()
        }
    }

    private mutating func open(_ kind: JSONTape.Node.Kind, depth: Int) throws(JSONError) -> Int {
        guard depth < JSON.maximumDepth else { throw .tooDeep(offset: position) }
        nodes.append(.init(kind: kind, start: Int32(position), end: 0, next: 0))
        position += 1
        skipWhitespace()
        return nodes.count - 1
    }

    private mutating func close(_ index: Int) {
        position += 1
        nodes[index].end = Int32(position)
        nodes[index].next = Int32(nodes.count)
    }

    private mutating func parseObject(depth: Int) throws(JSONError) {
        let index = try open(.object, depth: depth)
        guard !at("}") else { return close(index) }
        while true {
            guard at("\"") else { throw malformed }
            try parseString()
            skipWhitespace()
            guard at(":") else { throw malformed }
            position += 1
            skipWhitespace()
            try parseValue(depth: depth + 1)
            skipWhitespace()
            if at(",") {
                position += 1
                skipWhitespace()
            } else if at("}") {
                return close(index)
            } else {
                throw malformed
            }
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONError) {
        let index = try open(.array, depth: depth)
        guard !at("]") else { return close(index) }
        while true {
            try parseValue(depth: depth + 1)
            skipWhitespace()
            if at(",") {
                position += 1
                skipWhitespace()
            } else if at("]") {
                return close(index)
            } else {
                throw malformed
            }
        }
    }

    private func at(_ character: Unicode.Scalar) -> Bool {
        position < bytes.count && bytes[position] == UInt8(ascii: character)
    }

    private mutating func parseLiteral(_ literal: StaticString, kind: JSONTape.Node.Kind) throws(JSONError) {
        let start = position
        let matches = literal.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw malformed }
        position += literal.utf8CodeUnitCount
        append(kind, from: start, to: position)
    }

    private mutating func append(_ kind: JSONTape.Node.Kind, from start: Int, to end: Int) {
        nodes.append(.init(kind: kind, start: Int32(start), end: Int32(end), next: Int32(nodes.count + 1)))
    }

    private mutating func parseNumber() throws(JSONError) {
        let start = position
        if at("-") {
            position += 1
        }
        if at("0") {
            position += 1
        } else {
            try parseDigits()
        }
        if at(".") {
            position += 1
            try parseDigits()
        }
        if at("e") || at("E") {
            position += 1
            if at("+") || at("-") {
                position += 1
            }
            try parseDigits()
        }
        append(.number, from: start, to: position)
    }

    private mutating func parseDigits() throws(JSONError) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw malformed }
    }

    private mutating func parseString() throws(JSONError) {
        position += 1
        let start = position
        var kind = JSONTape.Node.Kind.string
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                append(kind, from: start, to: position)
                position += 1
                return
            case UInt8(ascii: "\\"):
                kind = .escapedString
                try parseEscape()
            case 0..<0x20:
                throw malformed
            case 0x20..<0x80:
                position += 1
            default:
                try parseMultibyteCharacter()
            }
        }
        throw malformed
    }

    private mutating func parseEscape() throws(JSONError) {
        guard position + 1 < bytes.count else { throw malformed }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard position + 6 <= bytes.count else { throw malformed }
            guard bytes[position + 2..<position + 6].allSatisfy({ Hexadecimal.digit($0) != nil }) else {
                throw malformed
            }
            position += 6
        default:
            throw malformed
        }
    }

    /// Steps over one character of two to four bytes, well-formed after the Unicode Standard's table 3-7.
    private mutating func parseMultibyteCharacter() throws(JSONError) {
        let first = bytes[position]
        let second = position + 1 < bytes.count ? bytes[position + 1] : 0
        let length: Int
        switch (first, second) {
        case (0xC2...0xDF, 0x80...0xBF): length = 2
        case (0xE0, 0xA0...0xBF), (0xE1...0xEC, 0x80...0xBF), (0xED, 0x80...0x9F), (0xEE...0xEF, 0x80...0xBF):
            length = 3
        case (0xF0, 0x90...0xBF), (0xF1...0xF3, 0x80...0xBF), (0xF4, 0x80...0x8F): length = 4
        default: throw malformed
        }
        guard position + length <= bytes.count else { throw malformed }
        for offset in 2..<max(length, 2) where bytes[position + offset] & 0xC0 != 0x80 {
            throw malformed
        }
        position += length
    }
}
