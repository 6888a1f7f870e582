/// Decodes `application/x-www-form-urlencoded` text with Stripe's nesting: `items[0][price]=price_1`, `types[]=a`.
enum FormDecoder {
    /// Deeper nesting than any Stripe parameter has; further brackets are taken as part of a name that is unknown.
    private static let maximumDepth = 8

    /// The parameters of a request's query, then those of its body.
    static func parameters(ofTarget target: String, body: String) -> StripeParameters {
        var parameters = parameters(from: target.drop { $0 != "?" }.dropFirst())
        parameters.entries += self.parameters(from: body).entries
        return parameters
    }

    static func parameters(from text: some StringProtocol) -> StripeParameters {
        var parameters = StripeParameters()
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = unescaped(parts[0])
            let value = parts.count > 1 ? unescaped(parts[1]) : ""
            insert(value, at: path(of: name)[...], into: &parameters)
        }
        return parameters
    }

    /// `a[b][]` is the path `a`, `b`, and an empty name, which stands for the next list position.
    private static func path(of name: String) -> [String] {
        guard let bracket = name.firstIndex(of: "["), bracket > name.startIndex, name.hasSuffix("]") else {
            return [name]
        }
        let inner = name[name.index(after: bracket)...].dropLast()
        let names = inner.replacing("][", with: "\u{0}").split(separator: "\u{0}", omittingEmptySubsequences: false)
        guard names.count <= maximumDepth else { return [name] }
        return [String(name[..<bracket])] + names.map(String.init)
    }

    private static func insert(_ value: String, at path: ArraySlice<String>, into parameters: inout StripeParameters) {
        guard let first = path.first else { return }
        let name = first.isEmpty ? String(parameters.entries.count) : first
        let rest = path.dropFirst()
        if rest.isEmpty {
            parameters[name] = .text(value)
        } else {
            var nested = StripeParameters()
            if case .nested(let present) = parameters[name] { nested = present }
            insert(value, at: rest, into: &nested)
            parameters[name] = .nested(nested)
        }
    }

    private static func unescaped(_ text: some Sequence<UInt8>) -> String {
        let source = Array(text)
        var bytes: [UInt8] = []
        var index = 0
        while index < source.count {
            let byte = source[index]
            if byte == UInt8(ascii: "%"), index + 2 < source.count, let high = digit(source[index + 1]),
                let low = digit(source[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
