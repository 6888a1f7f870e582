internal import Stripe

/// A claim that must have a certain value, such as `token_type=access`.
///
/// It keeps apart kinds of tokens that one key signs, so that a refresh token does not pass as an access token
/// (RFC 8725 §3.12).
public struct RequiredClaim: Sendable, Hashable {
    /// The name of a top-level claim.
    public let name: String
    /// A string's value, or the JSON spelling of a number or boolean.
    public let value: String

    /// A claim and its only accepted value.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Reads `name=value`, where the value may contain `=`.
    ///
    /// Returns nil where there is no `=`, or no name before it.
    public init?(_ text: String) {
        guard let separator = text.firstIndex(of: "="), separator != text.startIndex else { return nil }
        self.init(name: String(text[..<separator]), value: String(text[text.index(after: separator)...]))
    }

    func matches(_ claim: JSON) -> Bool {
        if let text = claim.string ?? claim.numberText {
            return text.utf8.elementsEqual(value.utf8)
        }
        return claim.bool.map { value == ($0 ? "true" : "false") } ?? false
    }
}
