/// The JSON object in a token's header or payload.
struct TokenObject {
    private let members: [(key: String, value: JSONValue)]

    init(_ bytes: [UInt8], part: TokenError.Part) throws(TokenError) {
        do {
            members = try StrictJSON.parseObject(bytes)
        } catch {
            throw .notJSONObject(part)
        }
    }

    /// The value of a name, found by its bytes.
    subscript(name: String) -> JSONValue? {
        members.first { $0.key.utf8.elementsEqual(name.utf8) }?.value
    }
}
