/// The object that a thin event tells of, without its state.
struct RelatedObject: Sendable, Hashable {
    let id: String
    let type: String

    init(_ object: JSONObject) {
        id = object["id"]?.string ?? ""
        type = object["object"]?.string ?? ""
    }

    /// For example `/v1/checkout/sessions/cs_1` of a `checkout.session`.
    private var url: String {
        "/v1/\(type.replacing(".", with: "/"))s/\(id)"
    }

    var json: JSONObject {
        ["id": .string(id), "type": .string(type), "url": .string(url)]
    }
}

extension Event {
    /// The thin event beside this one: <https://docs.stripe.com/event-destinations#thin-events>.
    ///
    /// It has an id of its own and says what changed, not how.
    func thinJSON() -> JSONObject {
        [
            "id": .string(ThinEvent.id(of: self)), "object": "v2.core.event", "type": .string(ThinEvent.type(type)),
            "livemode": .bool(rendering.livemode),
            "created": .string(CalendarDate(unixSeconds: created).rfc3339),
            "related_object": .object(RelatedObject(rendition.object).json),
            "reason": requestID.map {
                [
                    "type": "request",
                    "request": ["id": .string($0), "idempotency_key": JSONValue(idempotencyKey)],
                ]
            } ?? nil,
            "snapshot_event": .string(id),
        ]
    }
}

/// The names of thin events.
enum ThinEvent {
    /// The type of the thin event beside a snapshot event's.
    static func type(_ type: String) -> String {
        "v1.\(type)"
    }

    /// An id that differs from the snapshot event's and leads back to it.
    static func id(of event: Event) -> String {
        prefix(livemode: event.rendering.livemode) + event.id.dropFirst("evt_".count)
    }

    /// The id of the snapshot event beside a thin one.
    static func snapshotID(of id: String, livemode: Bool) -> String? {
        let prefix = prefix(livemode: livemode)
        return id.hasPrefix(prefix) ? "evt_\(id.dropFirst(prefix.count))" : nil
    }

    private static func prefix(livemode: Bool) -> String {
        livemode ? "evt_6" : "evt_test_6"
    }
}
