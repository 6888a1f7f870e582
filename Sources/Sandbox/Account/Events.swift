extension StripeModel {
    /// Stripe lists the events of the last 30 days; older ids cannot be used as cursors either.
    static let eventRetention = 30 * 86_400
    private static let typesLimit = 20

    /// Emits an event about an object that now looks as given.
    ///
    /// - Parameter previous: The object as it was before; events other than updates do not show it.
    mutating func emit(_ type: String, _ object: Snapshot, previous: Snapshot? = nil, _ call: CallContext) {
        history.append(object, previous: previous)
        emit(Event(id: ids.long("evt_"), type: type, object, previous: nil, rendering, call))
    }

    /// Emits an `*.updated` event, unless the object looks the same as before.
    mutating func emitUpdate(_ type: String, from old: Snapshot, to new: Snapshot, _ call: CallContext) {
        let event = Event(id: ids.long("evt_"), type: type, new, previous: old, rendering, call)
        guard event.rendition.previousAttributes?.members.isEmpty == false else { return }
        history.append(new, previous: old)
        emit(event)
    }

    /// A second Event object for the change of another one, which Stripe documents as possible.
    mutating func twin(of event: Event) -> Event {
        var twin = event
        twin.id = ids.long("evt_")
        return twin
    }

    func retrieveEvent(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        guard let event = events[id], isRetained(event, call) else { throw .missing("event", id) }
        return event.json()
    }

    func isRetained(_ event: Event, _ call: CallContext) -> Bool {
        event.created >= call.now - Self.eventRetention
    }

    func listEvents(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        var query = try ListQuery(&reader)
        try query.readCreated(&reader)
        let type = try reader.text("type")
        let types = try reader.texts("types")
        let success = try reader.boolean("delivery_success")
        try reader.finish()

        guard type == nil || types == nil else { throw .invalid("types", "Pass either type or types, not both.") }
        if let types, types.count > Self.typesLimit {
            throw .invalid("types", "Invalid types: up to \(Self.typesLimit) event types can be given.")
        }
        for (name, cursor) in [("starting_after", query.startingAfter), ("ending_before", query.endingBefore)] {
            if let cursor, let event = events[cursor], !isRetained(event, call) {
                throw .missing("event", cursor, param: name)
            }
        }
        let oldest = max(query.created.lowerBound, call.now - Self.eventRetention)
        query.created = min(oldest, query.created.upperBound)...query.created.upperBound
        let patterns = types ?? type.map { [$0] }
        let page = try events.page(query, kind: "event") { event in
            event.created >= oldest
                && patterns.map { $0.contains { Glob.matches($0, event.type) } } ?? true
                && success.map { $0 == event.pendingEndpoints.isEmpty } ?? true
        }
        return page.json(url: "/v1/events") { $0.json() }
    }
}
