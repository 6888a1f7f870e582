/// Stripe's word that an event could not be generated:
/// <https://docs.stripe.com/webhooks/handle-irrecoverable-events>.
struct HealthEvent: Sendable {
    static let type = "v2.core.health.event_generation_failure.resolved"

    let id: String
    /// Unix seconds.
    let created: Int
    let livemode: Bool
    let lost: LostEvent

    /// The event as it is delivered: without its data.
    func json() -> JSONObject {
        [
            "id": .string(id), "object": "v2.core.event", "type": .string(Self.type), "livemode": .bool(livemode),
            "created": .string(CalendarDate(unixSeconds: created).rfc3339), "related_object": nil, "reason": nil,
        ]
    }

    /// The event as `GET /v2/core/events/:id` shows it.
    func fullJSON() -> JSONObject {
        var object = json()
        object["data"] = [
            "alert_id": .string("halert_\(id.dropFirst("evt_".count))"),
            "grouping_key": .string("_grouping_\(lost.object.id)"),
            "impact": [
                "event_type": .string(lost.type), "related_object": .object(lost.object.json),
            ],
            "resolved_at": .string(CalendarDate(unixSeconds: created).rfc3339),
            "summary": "An event could not be generated. (sandbox fault)",
        ]
        return object
    }
}

/// A change for which no Event object was made.
struct LostEvent: Sendable, Hashable {
    let type: String
    let object: RelatedObject
}

extension StripeModel {
    /// Makes a health event for each event that was lost and not yet reported.
    mutating func reportLostEvents(now: Int) -> [HealthEvent] {
        defer { lostEvents.removeAll() }
        return lostEvents.map { lost in
            let id = ids.long(rendering.livemode ? "evt_6" : "evt_test_6")
            let event = HealthEvent(id: id, created: now, livemode: rendering.livemode, lost: lost)
            healthEvents[id] = event
            return event
        }
    }

    /// A thin event by its own id: <https://docs.stripe.com/api/v2/core/events/retrieve>.
    func retrieveThinEvent(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        if let event = healthEvents[id] { return event.fullJSON() }
        guard let snapshotID = ThinEvent.snapshotID(of: id, livemode: rendering.livemode),
            let event = events[snapshotID], isRetained(event, call)
        else { throw .missing("event", id) }
        return event.thinJSON()
    }
}
