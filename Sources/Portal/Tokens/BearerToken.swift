/// What a request's `Authorization` header says about a bearer token.
///
/// Source: RFC 6750 §2.1 (`"Bearer" 1*SP b64token`) and RFC 9110 §11.1 (the scheme's case does not matter).
public enum BearerToken: Sendable, Hashable {
    /// No header was sent, or one of another scheme.
    case none
    /// The header is not one well-formed bearer token, or there are several headers.
    case malformed
    /// The token, not verified yet.
    case token(String)

    /// Reads the values of all `Authorization` headers of one request.
    public static func parse(authorizationHeader values: [String]) -> BearerToken {
        guard let value = values.first, !(values.count == 1 && value.isEmpty) else { return .none }
        guard values.count == 1 else { return .malformed }

        let scheme = value.utf8.prefix(while: \.isTokenCharacter)
        guard !scheme.isEmpty else { return .malformed }
        guard String(Substring(scheme)).lowercased() == "bearer" else { return .none }

        let afterScheme = value.utf8[scheme.endIndex...]
        let credentials = afterScheme.drop { $0 == UInt8(ascii: " ") }
        guard credentials.startIndex != afterScheme.startIndex, isB64Token(credentials) else { return .malformed }
        return .token(String(Substring(credentials)))
    }

    private static func isB64Token(_ bytes: Substring.UTF8View) -> Bool {
        let padding = bytes.drop { byte in
            byte.isAlphanumeric || "-._~+/".utf8.contains(byte)
        }
        return padding.startIndex != bytes.startIndex && padding.allSatisfy { $0 == UInt8(ascii: "=") }
    }
}
