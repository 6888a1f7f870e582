/// Reads DER elements one after the other (ITU-T X.690 §8.1).
struct DERReader {
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case sequence = 0x30
    }

    private(set) var bytes: ArraySlice<UInt8>

    init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { bytes.isEmpty }

    /// The contents of the next element if it has this tag.
    mutating func read(_ tag: Tag) -> ArraySlice<UInt8>? {
        guard bytes.popFirst() == tag.rawValue, let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            let lengthBytes = bytes.prefix(Int(first & 0x7F))
            guard 1...4 ~= lengthBytes.count, lengthBytes.count == Int(first & 0x7F) else { return nil }
            bytes = bytes.dropFirst(lengthBytes.count)
            length = lengthBytes.reduce(0) { $0 << 8 | Int($1) }
        }
        guard length <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(length) }
        return bytes.prefix(length)
    }
}

/// Writes DER elements (ITU-T X.690 §8.1).
enum DERWriter {
    static func element(_ tag: DERReader.Tag, _ contents: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = contents.count
        repeat {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        } while rest > 0
        let head = contents.count < 0x80 ? length : [0x80 | UInt8(length.count)] + length
        return [tag.rawValue] + head + contents
    }

    /// A number without a sign, from its bytes, the highest first.
    static func unsigned(_ bytes: [UInt8]) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        let needsZero = (digits.first ?? 0x80) >= 0x80
        return element(.integer, (needsZero ? [0] : []) + digits)
    }
}
