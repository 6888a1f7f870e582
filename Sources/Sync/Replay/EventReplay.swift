public import MirrorStore
internal import Stripe
public import StripeClient

/// Has events applied again by the path that deliveries take.
///
/// It is idempotent: an event that was used already is not used twice, but has its object read from Stripe.
public struct EventReplay: Sendable {
    /// What became of an event.
    public enum Result: Sendable, Hashable {
        /// It went through the writer.
        case replayed(Outcome)
        /// It was used already, so its object is read from Stripe by the daemon.
        case read
        /// It cannot be replayed, and why.
        case impossible(String)
    }

    private let log: EventLog
    private let writer: MirrorWriter
    private let livemode: Bool
    private let client: StripeClient?

    /// - Parameters:
    ///   - log: Has the payloads.
    ///   - writer: Writes what is replayed; it must run.
    ///   - livemode: The mode of the mirror.
    ///   - client: Asks Stripe for events that are not kept; without one they cannot be replayed.
    public init(log: EventLog, writer: MirrorWriter, livemode: Bool, client: StripeClient? = nil) {
        self.log = log
        self.writer = writer
        self.livemode = livemode
        self.client = client
    }

    /// Replays one event.
    ///
    /// - Parameters:
    ///   - id: The event's id.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What the mirror knew of the event before, nil where it never came in, and what became of it.
    /// - Throws: ``MirrorError`` where the mirror could not be read or written.
    public func replay(_ id: String, now: Double) async throws(MirrorError) -> (entry: EventLog.Entry?, result: Result)
    {
        let known = try log.event(id)
        if let entry = known?.entry, entry.outcome == Outcome.ignored.rawValue {
            return (entry, .impossible("it tells of nothing that the mirror holds, so its payload was not kept"))
        }
        let payload: [UInt8]
        if let kept = known?.payload {
            payload = Array(kept.utf8)
        } else {
            do throws(StripeCallError) {
                guard let event = try await client?.retrieveEvent(id, lane: .sweep) else {
                    return (known?.entry, .impossible("its payload is not kept"))
                }
                payload = Array(event.object.compactText.utf8)
            } catch {
                return (known?.entry, .impossible(Self.reason(error)))
            }
        }
        let event: Event
        do throws(JSONError) {
            event = try Event(JSON(parsing: payload))
        } catch {
            return (known?.entry, .impossible("its payload is no event: \(error)"))
        }
        let delivery = Delivery(
            event: event,
            payload: payload,
            source: .replay,
            receivedAt: now,
            livemode: livemode
        )
        let outcome = try await writer.commit(delivery)
        return (known?.entry, outcome == .duplicate && delivery.kind != nil ? .read : .replayed(outcome))
    }

    /// Why Stripe did not give an event. https://docs.stripe.com/api/events
    private static func reason(_ error: StripeCallError) -> String {
        error.status == 404
            ? "its payload is not kept, and Stripe does not have it: it keeps events for 30 days"
            : "its payload is not kept, and Stripe did not give it: \(error)"
    }
}
