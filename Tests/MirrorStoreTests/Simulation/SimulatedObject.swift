import Stripe

/// The simulated object as JSON: each state's own values in members of every shape that an update can rewind.
struct SimulatedObject {
    let kind: String
    let id: String
    let state: StateName
    var isDeleted = false

    /// The whole object, as Stripe renders it.
    var json: String {
        isDeleted
            ? #"{"id":"\#(id)","object":"\#(kind)","deleted":true}"#
            : Self.text(constants.merging(members) { $1 })
    }

    /// `previous_attributes` of the change from another state: the old values of what differs.
    func previousAttributes(from old: SimulatedObject) -> String {
        var previous: [String: Value] = [:]
        let (before, after) = (old.members, members)
        for (name, value) in after {
            switch (before[name], value) {
            case (let same?, _) where same == value: break
            case (.hash(let old)?, .hash(let new)):
                let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }
                previous[name] = .hash(Dictionary(uniqueKeysWithValues: changed.map { ($0, old[$0] ?? "null") }))
            case (let other, _): previous[name] = other ?? .plain("null")
            }
        }
        return Self.text(previous)
    }

    // MARK: -

    private enum Value: Hashable {
        case plain(String)
        case hash([String: String])

        var text: String {
            switch self {
            case .plain(let text): text
            case .hash(let members): SimulatedObject.text(members.mapValues { .plain($0) })
            }
        }
    }

    private var letter: String { state.rendered.rawValue.last.map { String($0) } ?? "" }

    private var constants: [String: Value] {
        var members: [String: Value] = [
            "id": .plain(#""\#(id)""#), "object": .plain(#""\#(kind)""#), "created": .plain("1600000000"), "livemode": .plain("false"),
        ]
        if kind == "subscription" {
            members["customer"] = .plain(#""cus_of_\#(id)""#)
        }
        if state != state.rendered {
            members["rendering"] = .plain(#""the API's own""#)
        }
        return members
    }

    /// What tells the states apart. The same names in each, so that a missing one is a null.
    private var members: [String: Value] {
        var members: [String: Value] = [
            "description": .plain(#""\#(letter)""#),
            "metadata": .hash(letter == "A" ? [:] : ["letter": #""\#(letter)""#, letter: #""""#]),
        ]
        guard kind == "subscription" else {
            members["name"] = .plain(letter == "B" ? "null" : #""\#(letter) Ltd""#)
            return members
        }
        let quantity = (letter.utf8.first ?? 0) - 64
        let item = #"{"id":"si_1","price":{"id":"price_\#(letter)","product":"prod_1"},"quantity":\#(quantity),"current_period_end":20}"#
        members["status"] = .plain(state.isEnded ? #""canceled""# : #""active""#)
        members["ended_at"] = .plain(state.isEnded ? "1700000000" : "null")
        members["items"] = .plain(#"{"object":"list","has_more":false,"data":[\#(item)]}"#)
        return members
    }

    private static func text(_ members: [String: Value]) -> String {
        "{" + members.map { #""\#($0)":\#($1.text)"# }.joined(separator: ",") + "}"
    }
}
