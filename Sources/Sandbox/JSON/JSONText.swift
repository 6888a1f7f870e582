/// Writes JSON as Stripe does, in replies as in deliveries: two spaces of indentation, `{}` and `[]` on one line.
struct JSONText {
    private var bytes: [UInt8] = []

    static func bytes(of object: JSONObject) -> [UInt8] {
        var text = JSONText()
        text.bytes.reserveCapacity(4096)
        text.append(object, depth: 0)
        return text.bytes
    }

    private mutating func append(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .string(let value): append(value)
        case .array(let values): append(values, depth: depth)
        case .object(let object): append(object, depth: depth)
        }
    }

    private mutating func append(_ object: JSONObject, depth: Int) {
        appendContainer(object.members, depth: depth, brackets: ("{", "}")) { text, member in
            text.append(member.name)
            text.bytes.append(contentsOf: ": ".utf8)
            text.append(member.value, depth: depth + 1)
        }
    }

    private mutating func append(_ values: [JSONValue], depth: Int) {
        appendContainer(values, depth: depth, brackets: ("[", "]")) { text, value in
            text.append(value, depth: depth + 1)
        }
    }

    private mutating func appendContainer<Element>(
        _ elements: [Element],
        depth: Int,
        brackets: (Unicode.Scalar, Unicode.Scalar),
        append: (inout JSONText, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: brackets.0))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(depth: depth + 1)
            append(&self, element)
        }
        if !elements.isEmpty { breakLine(depth: depth) }
        bytes.append(UInt8(ascii: brackets.1))
    }

    private mutating func breakLine(depth: Int) {
        bytes.append(contentsOf: depth < Self.lineBreaks.count ? Self.lineBreaks[depth] : Self.lineBreak(depth: depth))
    }

    private static let lineBreaks = (0..<16).map(lineBreak)

    private static func lineBreak(depth: Int) -> [UInt8] {
        [UInt8(ascii: "\n")] + [UInt8](repeating: UInt8(ascii: " "), count: depth * 2)
    }

    private mutating func append(_ string: String) {
        bytes.append(Self.quote)
        if Self.needsEscapes(string) {
            for byte in string.utf8 { appendEscaped(byte) }
        } else {
            // In one piece: large pages are made of short strings, which debug builds copy slowly byte by byte.
            bytes.append(contentsOf: string.utf8)
        }
        bytes.append(Self.quote)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func needsEscapes(_ string: String) -> Bool {
        let (quote, backslash) = (quote, backslash)
        for byte in string.utf8 where byte < 0x20 || byte == quote || byte == backslash { return true }
        return false
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case Self.quote, Self.backslash:
            bytes.append(Self.backslash)
            bytes.append(byte)
        case UInt8(ascii: "\n"):
            bytes.append(contentsOf: #"\n"#.utf8)
        case UInt8(ascii: "\r"):
            bytes.append(contentsOf: #"\r"#.utf8)
        case UInt8(ascii: "\t"):
            bytes.append(contentsOf: #"\t"#.utf8)
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: (#"\u"# + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        default:
            bytes.append(byte)
        }
    }
}

extension JSONObject {
    /// The object as UTF-8 text in Stripe's layout.
    public var bytes: [UInt8] {
        JSONText.bytes(of: self)
    }
}
