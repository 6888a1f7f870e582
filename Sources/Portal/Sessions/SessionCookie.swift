/// The cookie that carries a session, and its reading from a request's `Cookie` headers.
///
/// Source: RFC 6265bis (https://datatracker.ietf.org/doc/draft-ietf-httpbis-rfc6265bis/) §4.1.1 for the forms, §5.8.3 for
/// why the order of two cookies of one name says nothing.
public struct SessionCookie: Sendable, Hashable {
    /// The longest value in bytes: browsers keep no cookie that is longer (RFC 6265bis §5.6).
    public static let maximumLength = 4096

    /// The cookie's name.
    public let name: String

    /// Nil where no cookie can have this name.
    public init?(name: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter) else { return nil }
        self.name = name
    }

    /// What a request says about the cookie.
    enum Reading: Hashable {
        /// Nothing, or an empty value.
        case none
        /// The cookie occurs twice, or its value is too long or has characters that no value has.
        case malformed
        /// Its value, without the quotation marks around it.
        case session(String)
    }

    /// Reads the values of all `Cookie` headers of one request.
    ///
    /// Which of two cookies of one name is the session's cannot be told: another host of the domain may have set the other.
    func read(_ headers: [String]) -> Reading {
        // By bytes: to a Character, a separator with an accent behind it is none.
        var found: ArraySlice<UInt8>?
        for pair in Array(headers.joined(separator: ";").utf8).split(separator: UInt8(ascii: ";")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                Self.trimmed(pair[..<equals]).elementsEqual(name.utf8)
            else { continue }
            guard found == nil else { return .malformed }
            found = Self.trimmed(pair[(equals + 1)...])
        }
        guard var value = found else { return .none }
        if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
            value = value.dropFirst().dropLast()
        }
        guard !value.isEmpty else { return .none }
        guard value.count <= Self.maximumLength, value.allSatisfy(Self.isCookieOctet) else { return .malformed }
        return .session(String(decoding: value, as: UTF8.self))
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }

    private static func isCookieOctet(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\",;\\".utf8.contains(byte)
    }
}
