public import MirrorStore
internal import Stripe

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

    /// Days for which Stripe lists events. https://docs.stripe.com/api/events
    private static let listedDays: Int64 = 30

    private let log: EventLog
    private let writer: MirrorWriter
    private let livemode: Bool

    /// - Parameters:
    ///   - log: Has the payloads.
    ///   - writer: Writes what is replayed; it must run.
    ///   - livemode: The mode of the mirror.
    public init(log: EventLog, writer: MirrorWriter, livemode: Bool) {
        self.log = log
        self.writer = writer
        self.livemode = livemode
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
        guard let (entry, payload) = try log.event(id) else {
            return (nil, .impossible("no such event came in"))
        }
        guard let payload else {
            return (entry, .impossible(Self.reason(entry, now: now)))
        }
        let event: Event
        do throws(JSONError) {
            event = try Event(JSON(parsing: Array(payload.utf8)))
        } catch {
            return (entry, .impossible("its payload is no event: \(error)"))
        }
        let delivery = Delivery(
            event: event,
            payload: Array(payload.utf8),
            source: .replay,
            receivedAt: now,
            livemode: livemode
        )
        let outcome = try await writer.commit(delivery)
        return (entry, outcome == .duplicate && delivery.kind != nil ? .read : .replayed(outcome))
    }

    /// Why there is no payload.
    private static func reason(_ entry: EventLog.Entry, now: Double) -> String {
        if entry.outcome == Outcome.ignored.rawValue {
            return "it tells of nothing that the mirror holds, so its payload was not kept"
        }
        guard Int64(now) - entry.created < listedDays * 86_400 else {
            return "its payload is no longer kept, and Stripe lists events for \(listedDays) days only"
        }
        return "its payload is no longer kept; Stripe's Dashboard or CLI can send it again"
    }
}
