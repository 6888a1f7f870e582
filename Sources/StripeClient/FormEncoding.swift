/// The parameters of a request in Stripe's spelling: `a[b][0][c]=…`, form-urlencoded.
///
/// Objects nest as `a[b]`, lists as `a[0]`. Fields keep the order they were given in, so the same parameters are the same
/// bytes, which an `Idempotency-Key` asks for. Names and values are percent-encoded as UTF-8 by the rules of
/// https://url.spec.whatwg.org/#urlencoded-serializing; the brackets of the nesting stay as they are, as in the official
/// SDKs. An empty list or object has no spelling and is left out.
public struct FormEncoding: Sendable {
    /// The value of a parameter.
    public indirect enum Value: Hashable, Sendable {
        /// Text.
        case string(String)
        /// A whole number.
        case integer(Int)
        /// `true` or `false`.
        case boolean(Bool)
        /// Values by position.
        case list([Value])
        /// Values by name, in this order.
        case object([Field])
    }

    /// A parameter's name and value.
    public struct Field: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value.
        public let value: Value

        /// A parameter.
        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// The encoded parameters.
    public private(set) var string = ""

    /// Encodes parameters.
    public init(_ fields: [Field]) {
        for field in fields {
            append(Self.percentEncoded(field.name), field.value)
        }
    }

    private mutating func append(_ name: String, _ value: Value) {
        switch value {
        case .string(let text): append(name, text: text)
        case .integer(let number): append(name, text: String(number))
        case .boolean(let flag): append(name, text: flag ? "true" : "false")
        case .list(let values):
            for (index, value) in values.enumerated() {
                append("\(name)[\(index)]", value)
            }
        case .object(let fields):
            for field in fields {
                append("\(name)[\(Self.percentEncoded(field.name))]", field.value)
            }
        }
    }

    private mutating func append(_ name: String, text: String) {
        if !string.isEmpty { string += "&" }
        string += name + "=" + Self.percentEncoded(text)
    }

    /// One name or value, encoded.
    public static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "):
                encoded += "+"
            default:
                encoded += byte < 0x10 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}
