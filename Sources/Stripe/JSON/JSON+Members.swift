/// Reads members whose types Stripe documents. A member that is absent and one that is `null` are the same; one of
/// another type is an error, since a row made from a guess would be a wrong row.
extension JSON {
    func optional(_ name: String) -> JSON? {
        guard let value = self[name], !value.isNull else { return nil }
        return value
    }

    func optionalString(_ name: String) throws(JSONError) -> String? {
        try optional(name, "a string") { $0.string }
    }

    func optionalInteger(_ name: String) throws(JSONError) -> Int64? {
        try optional(name, "an integer") { $0.integer }
    }

    func optionalBool(_ name: String) throws(JSONError) -> Bool? {
        try optional(name, "true or false") { $0.bool }
    }

    func string(_ name: String) throws(JSONError) -> String {
        guard let value = try optionalString(name) else { throw .missing(member: name) }
        return value
    }

    /// An object's own id, which is never empty.
    func id() throws(JSONError) -> String {
        let id = try string("id")
        guard !id.isEmpty else { throw .mismatch(member: "id", expected: "an id") }
        return id
    }

    func integer(_ name: String) throws(JSONError) -> Int64 {
        guard let value = try optionalInteger(name) else { throw .missing(member: name) }
        return value
    }

    func bool(_ name: String) throws(JSONError) -> Bool {
        guard let value = try optionalBool(name) else { throw .missing(member: name) }
        return value
    }

    func object(_ name: String) throws(JSONError) -> JSON {
        guard let value = try optional(name, "an object", { $0.isObject ? $0 : nil }) else {
            throw .missing(member: name)
        }
        return value
    }

    /// An expandable field: an id, or the object of that id in full.
    /// https://docs.stripe.com/api/expanding_objects
    func optionalID(_ name: String) throws(JSONError) -> String? {
        try optional(name, "an id or an object with one") { $0.string ?? $0["id"]?.string }
    }

    /// The values of `metadata` by their keys; Stripe's values are strings.
    /// https://docs.stripe.com/api/metadata
    func metadata() throws(JSONError) -> [String: String] {
        guard let metadata = optional("metadata") else { return [:] }
        guard let members = metadata.members else { throw .mismatch(member: "metadata", expected: "an object") }
        return Dictionary(members.compactMap { name, value in value.string.map { (name, $0) } }) { _, last in last }
    }

    private func optional<Value>(
        _ name: String,
        _ expected: String,
        _ read: (JSON) -> Value?
    ) throws(JSONError) -> Value? {
        guard let member = optional(name) else { return nil }
        guard let value = read(member) else { throw .mismatch(member: name, expected: expected) }
        return value
    }
}
