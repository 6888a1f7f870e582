/// Classes of ASCII characters, by byte.
extension UInt8 {
    /// A digit.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// A letter or a digit.
    var isAlphanumeric: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
    }

    /// A letter, a digit, or one of `_`, `-` and `.`.
    var isWordCharacter: Bool { isAlphanumeric || "_-.".utf8.contains(self) }

    /// A character that names of schemes, headers and cookies are made of: RFC 9110 §5.6.2 `tchar`.
    var isTokenCharacter: Bool { isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(self) }

    /// A character that can be seen; a space cannot.
    var isVisible: Bool { self > 0x20 && self < 0x7F }
}
