/// Base64url without padding (RFC 4648 §5, RFC 7515 §2), canonical spelling only.
///
/// Foundation's decoder accepts non-zero trailing bits, so several spellings of one token would pass; RFC 4648 §3.5
/// allows a decoder to refuse them.
enum Base64URL {
    /// The bytes spelled by the text, or nil where it is not the one canonical spelling of any.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var accumulator: UInt32 = 0
        var bitCount = 0
        for character in text {
            guard let sextet = sextet(character) else { return nil }
            accumulator = accumulator << 6 | sextet
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> bitCount))
                accumulator &= 1 << bitCount - 1
            }
        }
        // Six bits left over are a character that completes no byte.
        guard bitCount < 6, accumulator == 0 else { return nil }
        return bytes
    }

    private static func sextet(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
