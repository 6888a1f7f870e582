internal import Stripe

/// The JSON object in a token's header or payload.
struct TokenObject {
    private let object: JSON

    init(_ bytes: [UInt8], part: TokenError.Part) throws(TokenError) {
        do {
            object = try JSON(parsing: bytes)
        } catch {
            throw .notJSONObject(part)
        }
        // A reader that knows no byte order mark would refuse what this one skips.
        guard object.isObject, object.isUnambiguous, bytes.first != 0xEF else { throw .notJSONObject(part) }
    }

    /// The value of a name, found by its bytes; `null` is a value.
    subscript(name: String) -> JSON? { object[name] }
}
