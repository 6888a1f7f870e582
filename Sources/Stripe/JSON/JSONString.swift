/// The characters of a JSON string that holds escapes.
enum JSONString {
    /// UTF-16 code units, the alphabet of `\u` escapes, of a string's bytes between its quotation marks.
    ///
    /// - Parameter raw: Bytes that the parser has accepted.
    /// - Returns: The code units; a surrogate may lack its partner.
    static func units(of raw: ArraySlice<UInt8>) -> [UInt16] {
        var units: [UInt16] = []
        units.reserveCapacity(raw.count)
        var rest = raw
        while let start = rest.firstIndex(of: UInt8(ascii: "\\")) {
            units.append(contentsOf: String(decoding: rest[..<start], as: UTF8.self).utf16)
            let letter = rest[start + 1]
            if letter == UInt8(ascii: "u") {
                units.append(
                    rest[start + 2..<start + 6].reduce(0) { $0 << 4 | UInt16(Hexadecimal.digit($1) ?? 0) }
                )
                rest = rest[(start + 6)...]
            } else {
                units.append(UInt16(unescaped(letter)))
                rest = rest[(start + 2)...]
            }
        }
        units.append(contentsOf: String(decoding: rest, as: UTF8.self).utf16)
        return units
    }

    private static func unescaped(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }
}
