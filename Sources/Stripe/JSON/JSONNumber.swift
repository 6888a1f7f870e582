/// A JSON number as an exact decimal: `sign · digits · 10^exponent`, so that `1`, `1.0` and `10e-1` are one value.
struct JSONNumber {
    private let isNegative: Bool
    /// Without zeros in front or behind; empty for zero.
    private let digits: [UInt8]
    private let exponent: Int

    /// - Parameter spelling: Bytes that the parser has accepted as a number.
    init(_ spelling: ArraySlice<UInt8>) {
        var digits: [UInt8] = []
        var fraction = 0
        var exponent = 0
        var rest = spelling
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative {
            rest = rest.dropFirst()
        }
        var isFraction = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "."):
                isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                exponent = Self.exponent(rest)
                rest = []
            default:
                digits.append(byte)
                fraction += isFraction ? 1 : 0
            }
        }
        var zeros = 0
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            zeros += 1
        }
        self.digits = Array(digits.drop { $0 == UInt8(ascii: "0") })
        self.exponent = exponent.addingReportingOverflow(zeros - fraction).partialValue
    }

    /// Exponents are clamped far beyond any number that means something, so that their arithmetic cannot overflow.
    private static func exponent(_ spelling: ArraySlice<UInt8>) -> Int {
        let limit = Int(Int32.max)
        let isNegative = spelling.first == UInt8(ascii: "-")
        let magnitude = spelling.reduce(0) { value, byte in
            guard let digit = Hexadecimal.digit(byte), value < limit else { return value }
            return value * 10 + Int(digit)
        }
        return isNegative ? -magnitude : magnitude
    }

    var integer: Int64? {
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        return Int64(String(decoding: canonical, as: UTF8.self))
    }

    /// Whether a spelling is its value's canonical one already, as nearly all are: plain digits.
    static func isCanonical(_ spelling: UnsafeBufferPointer<UInt8>) -> Bool {
        let isNegative = spelling.first == UInt8(ascii: "-")
        let digits = spelling.dropFirst(isNegative ? 1 : 0)
        guard digits.count <= canonicalDigits, !(isNegative && digits.first == UInt8(ascii: "0")) else { return false }
        return digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// The longest integer that is spelled out.
    private static let canonicalDigits = 40

    /// The one spelling of this value: plain digits where it is an integer of up to 40 digits, else `digits e exponent`.
    var canonical: [UInt8] {
        guard !digits.isEmpty else { return [UInt8(ascii: "0")] }
        var spelling = isNegative ? [UInt8(ascii: "-")] : []
        spelling += digits
        if exponent >= 0, digits.count + exponent <= Self.canonicalDigits {
            spelling += repeatElement(UInt8(ascii: "0"), count: exponent)
        } else {
            spelling.append(UInt8(ascii: "e"))
            spelling += Array(String(exponent).utf8)
        }
        return spelling
    }
}
