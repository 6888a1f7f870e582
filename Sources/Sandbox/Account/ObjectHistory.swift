/// All states that objects really had, for those who check that nothing else is ever shown.
///
/// An object that was seeded has no history until it changes.
struct ObjectHistory: Sendable {
    private var states: [String: [Snapshot]] = [:]

    /// Notes a new state.
    ///
    /// - Parameters:
    ///   - state: The object from now on.
    ///   - previous: The object until now; nil where it is new.
    mutating func append(_ state: Snapshot, previous: Snapshot?) {
        if let previous, states[state.id] == nil { states[state.id] = [previous] }
        states[state.id, default: []].append(state)
    }

    /// The states of an object that has changed, oldest first.
    subscript(id: String) -> [Snapshot]? {
        states[id]
    }
}

extension StripeModel {
    /// Every state the object has had under the given rendering, oldest first; equal neighbours are one.
    func versions(of id: String, _ rendering: Rendering) throws(StripeAPIError) -> [(object: JSONObject, deleted: Bool)]
    {
        let present = customers[id].map(snapshot) ?? subscriptions[id].map(snapshot)
        guard let states = history[id] ?? present.map({ [$0] }) else { throw .missing("object", id) }
        var versions: [(object: JSONObject, deleted: Bool)] = []
        for state in states {
            let object = state.json(rendering)
            if let last = versions.last, last.object == object, last.deleted == state.isDeleted { continue }
            versions.append((object, state.isDeleted))
        }
        return versions
    }
}
