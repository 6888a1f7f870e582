/// A state of the simulated object, by name; only its identity matters.
struct StateName: RawRepresentable, Hashable, Codable, Sendable, ExpressibleByStringLiteral {
    let rawValue: String

    init(rawValue: String) {
        self.rawValue = rawValue
    }

    init(stringLiteral: String) {
        rawValue = stringLiteral
    }

    /// What a reader of the mirror sees of a deleted customer, and a history's word for deleting one.
    static let deleted: StateName = "deleted"

    /// Whether a subscription in this state is past its end.
    var isEnded: Bool { rawValue.utf8.first == UInt8(ascii: "x") }

    /// The same state as an API of another version than the events' renders it.
    var renderedOtherwise: StateName { StateName(rawValue: rawValue + "*") }

    /// The state, however it is rendered.
    var rendered: StateName {
        rawValue.utf8.last == UInt8(ascii: "*") ? StateName(rawValue: String(rawValue.dropLast())) : self
    }
}
