/// Why a text is not the JSON that was asked for.
///
/// Descriptions name places and members, never values: a body may hold personal data.
public enum JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes are not one JSON text in UTF-8 (RFC 8259); `offset` counts bytes from the start.
    case malformed(offset: Int)
    /// Arrays and objects are nested deeper than ``JSON/maximumDepth``.
    case tooDeep(offset: Int)
    /// A member that must be there is missing or null.
    case missing(member: String)
    /// A member has another type than Stripe documents.
    case mismatch(member: String, expected: String)

    /// The cause, without any value of the text.
    public var description: String {
        switch self {
        case .malformed(let offset): "not valid JSON at byte \(offset)"
        case .tooDeep(let offset): "JSON nested deeper than \(JSON.maximumDepth) levels at byte \(offset)"
        case .missing(let member): "member '\(member)' is missing"
        case .mismatch(let member, let expected): "member '\(member)' is not \(expected)"
        }
    }
}
