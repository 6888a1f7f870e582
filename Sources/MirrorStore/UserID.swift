/// The id of a user of the operator's application, exactly as the application spells it.
///
/// Two ids are equal if their UTF-8 bytes are: `é` as one code point and as two are different users, as they are to
/// SQLite and to Stripe.
public struct UserID: Sendable, Hashable {
    /// Why a string cannot be a user id.
    public enum Fault: Error, Sendable, Hashable {
        /// It is empty, or white space only.
        case blank
        /// It is longer than ``UserID/maximumLength``.
        case tooLong
        /// It contains a control character: C interfaces end a string at NUL, and a line break forges log lines.
        case controlCharacter
    }

    /// The longest id in UTF-8 bytes, OpenID Connect's limit on `sub`.
    /// https://openid.net/specs/openid-connect-core-1_0.html#IDToken
    public static let maximumLength = 255

    /// The id itself; compare ``UserID`` values, not this, because `String` compares by canonical equivalence.
    public let rawValue: String

    /// Checks an id.
    ///
    /// - Throws: ``Fault``.
    public init(_ rawValue: String) throws(Fault) {
        guard !rawValue.allSatisfy(\.isWhitespace) else { throw .blank }
        guard rawValue.utf8.count <= Self.maximumLength else { throw .tooLong }
        guard !rawValue.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .controlCharacter
        }
        self.rawValue = rawValue
    }

    /// An id that was checked when it was stored.
    init(stored rawValue: String) {
        self.rawValue = rawValue
    }

    /// Whether the UTF-8 bytes are equal.
    public static func == (lhs: UserID, rhs: UserID) -> Bool {
        lhs.rawValue.utf8.elementsEqual(rhs.rawValue.utf8)
    }

    /// Hashes the UTF-8 bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(Array(rawValue.utf8))
    }
}
