/// The operator's own id of a user, compared byte by byte.
public struct UserID: Sendable, CustomStringConvertible {
    /// Stripe's limit on metadata values is 500 characters. https://docs.stripe.com/api/metadata
    public static let maximumByteCount = 500

    /// The id as it was given.
    public let description: String

    /// Takes a text that can name a user.
    ///
    /// - Parameter text: Nil results where it is blank, too long, or holds a control character, at which other readers
    ///   of the mirror may cut it short.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumByteCount, !text.allSatisfy(\.isWhitespace),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { return nil }
        description = text
    }
}

extension UserID: Hashable {
    /// Swift's own comparison of strings takes canonically equivalent ones for equal; two users they are all the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.description.utf8.elementsEqual(right.description.utf8)
    }

    /// Feeds the bytes that ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        for byte in description.utf8 {
            hasher.combine(byte)
        }
    }
}
