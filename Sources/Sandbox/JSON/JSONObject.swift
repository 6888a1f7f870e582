/// A JSON object that keeps the order of its members.
///
/// Look-up is linear: Stripe's largest objects here have some fifty members.
public struct JSONObject: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One name and its value.
    public struct Member: Sendable, Hashable {
        /// The member's name.
        public var name: String
        /// The member's value.
        public var value: JSONValue
    }

    /// The members in order.
    public private(set) var members: [Member]

    init(_ members: [(String, JSONValue)] = []) {
        self.members = members.map { Member(name: $0.0, value: $0.1) }
    }

    /// Creates an object whose members keep the order of the literal.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }

    /// The value of a member, or nil where the object has no such member; setting nil removes the member.
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let position = members.firstIndex { $0.name == name }
            switch (position, newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): members.remove(at: position)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Appends members whose names the object does not have yet.
    mutating func append(_ other: JSONObject) {
        members += other.members
    }

    /// Inserts a member after another one, or at the end where there is no such member.
    mutating func insert(_ name: String, _ value: JSONValue, after predecessor: String) {
        let position = members.firstIndex { $0.name == predecessor }.map { $0 + 1 } ?? members.endIndex
        members.insert(Member(name: name, value: value), at: position)
    }
}
