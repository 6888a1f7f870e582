/// One attempt to deliver an event to an endpoint.
public struct DeliveryAttempt: Sendable, Hashable {
    /// How it went.
    public enum Outcome: Sendable, Hashable {
        /// The endpoint answered this status; only 2xx is a success, a redirect is a failure.
        case answered(Int)
        /// The endpoint did not answer in time.
        case timedOut
        /// The connection failed.
        case failed(String)
        /// A fault swallowed the delivery; nothing was sent.
        case dropped
    }

    /// The event's id.
    public var event: String
    /// The event's type.
    public var type: String
    /// The endpoint's URL.
    public var url: String
    /// 1 for the first attempt.
    public var number: Int
    /// Unix seconds.
    public var at: Int
    /// How it went.
    public var outcome: Outcome

    /// Whether the endpoint took the event.
    public var isSuccess: Bool {
        guard case .answered(let status) = outcome else { return false }
        return (200..<300).contains(status)
    }

    var json: JSONObject {
        var object: JSONObject = [
            "event": .string(event), "type": .string(type), "url": .string(url), "attempt": .integer(number),
            "at": .integer(at),
        ]
        switch outcome {
        case .answered(let status): object["status"] = .integer(status)
        case .timedOut: object["error"] = "timed out"
        case .failed(let reason): object["error"] = .string(reason)
        case .dropped: object["error"] = "dropped by a fault"
        }
        return object
    }
}

/// One event on its way to one endpoint.
struct Delivery: Sendable {
    var event: String
    /// The endpoint's place in the sandbox's list.
    var endpoint: Int
    /// 1 for the first attempt.
    var attempt = 1
    var delay: Duration = .zero
    /// Deliveries from before a reset are forgotten.
    var generation: Int
}
