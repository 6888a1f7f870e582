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
        guard !name.isEmpty, name.utf8.allSatisfy(HTTPToken.isCharacter) else { return nil }
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
        var found: Substring?
        for pair in headers.joined(separator: ";").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.trimmed(parts[0]).utf8.elementsEqual(name.utf8) else { continue }
            guard found == nil else { return .malformed }
            found = Self.trimmed(parts[1])
        }
        guard var value = found?.utf8[...], !value.isEmpty else { return .none }
        if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
            value = value.dropFirst().dropLast()
        }
        guard !value.isEmpty else { return .none }
        guard value.count <= Self.maximumLength, value.allSatisfy(Self.isCookieOctet) else { return .malformed }
        return .session(String(Substring(value)))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    private static func isCookieOctet(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\",;\\".utf8.contains(byte)
    }
}
