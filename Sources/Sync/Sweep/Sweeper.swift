public import MirrorStore
internal import Stripe
public import StripeClient

/// Asks Stripe for the events of late and takes in what no webhook has brought.
public struct Sweeper: Sendable {
    /// What a sweep came to.
    public struct Report: Sendable, Hashable {
        /// How many events Stripe listed.
        public var listed = 0
        /// What became of those that had not come in before.
        public var outcomes: [Outcome: Int] = [:]
        /// Ids of those that are no events.
        public var unreadable: [String] = []
        /// Stripe's `Request-Id` of the last page.
        public var requestID: String?

        /// How many events had not come in before and told something new.
        public var missed: Int {
            outcomes.filter { $0.key != .superseded && $0.key != .ignored }.values.reduce(0, +)
        }
    }

    /// The types that the mirror makes use of. https://docs.stripe.com/api/events/types
    public static let types = [
        "checkout.session.completed",
        "customer.created", "customer.updated", "customer.deleted",
        "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted",
        "customer.subscription.paused", "customer.subscription.resumed", "customer.subscription.trial_will_end",
        "customer.subscription.pending_update_applied", "customer.subscription.pending_update_expired",
    ]

    /// Seconds that a sweep can go back: Stripe lists events of 30 days, of which an hour is left for what a sweep takes.
    ///
    /// Beyond that only a backfill tells what happened. https://docs.stripe.com/api/events
    static let reach: Int64 = 30 * 86_400 - 3600
    /// Seconds that a sweep goes back behind the one before: Stripe may list an event later than its `created` says.
    static let overlap: Int64 = 600
    /// How many events are held in memory at a time, as a rule.
    static let maximumHeld = 2000

    private let client: StripeClient
    private let writer: MirrorWriter
    private let log: SyncLog
    private let livemode: Bool
    private let now: @Sendable () -> Double

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - writer: Writes what comes in.
    ///   - log: Knows how far sweeps have come.
    ///   - livemode: The mode of the mirror.
    ///   - now: Unix seconds by this machine's clock.
    public init(
        client: StripeClient,
        writer: MirrorWriter,
        log: SyncLog,
        livemode: Bool,
        now: @escaping @Sendable () -> Double
    ) {
        self.client = client
        self.writer = writer
        self.log = log
        self.livemode = livemode
        self.now = now
    }

    /// Takes in all events since shortly before the last sweep.
    ///
    /// A sweep that is broken off goes on where it was. After a time that is longer than Stripe lists events it takes in what
    /// is listed, and the mark stays: only a backfill knows the rest.
    ///
    /// - Returns: What it came to; nil where there is nothing yet that a sweep could follow on.
    /// - Throws: ``SyncError``; what was taken in until then stays.
    public func sweepOnce() async throws(SyncError) -> Report? {
        guard let sweptTo = try await begin() else { return nil }
        var report = Report()
        var window = SweepWindow(from: sweptTo - Self.overlap)
        var began: Int64?
        repeat {
            let events = try await events(in: &window, began: &began, &report.requestID)
            try await take(events, &report)
            try await mark(min(window.end ?? .max, began ?? sweptTo), after: sweptTo, began: began ?? sweptTo)
        } while window.advance(at: began ?? sweptTo)
        return report
    }

    private func begin() async throws(SyncError) -> Int64? {
        do {
            let sweeps = try await log.sweeps()
            if sweeps.isRequested {
                try await log.clearSweepRequest()
            }
            return sweeps.sweptTo
        } catch {
            throw .store(error)
        }
    }

    /// Moves the mark, unless Stripe no longer lists all that lies behind it: then it has to stay, for a backfill to be due.
    private func mark(_ date: Int64, after sweptTo: Int64, began: Int64) async throws(SyncError) {
        guard sweptTo >= began - Self.reach else { return }
        try await SyncError.stored { () async throws(MirrorError) in try await log.markSwept(to: date, at: now()) }
    }

    /// The events of a span, newest first; the span is made shorter where there are too many.
    private func events(
        in window: inout SweepWindow,
        began: inout Int64?,
        _ requestID: inout String?
    ) async throws(SyncError) -> [JSON] {
        var events: [JSON] = []
        var cursor: String?
        while true {
            let page: ListPage
            do {
                page = try await client.listEvents(
                    types: Self.types,
                    createdFrom: window.from,
                    createdBefore: window.end,
                    startingAfter: cursor,
                    lane: .sweep
                )
            } catch {
                throw .call(error)
            }
            let present = began ?? page.date
            began = present
            events += page.objects
            requestID = page.requestID
            guard page.hasMore else { return events }
            cursor = page.objects.last?["id"]?.string
            if events.count >= Self.maximumHeld, window.isDivisible {
                window.narrow(at: present)
                events = []
                cursor = nil
            }
        }
    }

    private func take(_ events: [JSON], _ report: inout Report) async throws(SyncError) {
        var deliveries: [Delivery] = []
        for json in events.reversed() {
            let event: Event
            do {
                event = try Event(json)
            } catch {
                // It would stand in the way of all later sweeps.
                report.unreadable.append(json["id"]?.string ?? "without an id")
                continue
            }
            deliveries.append(
                Delivery(
                    event: event,
                    payload: Array(json.compactText.utf8),
                    source: .sweep,
                    receivedAt: now(),
                    livemode: livemode
                )
            )
        }
        report.listed += events.count
        do {
            for outcome in try await writer.commit(deliveries) where outcome != .duplicate {
                report.outcomes[outcome, default: 0] += 1
            }
        } catch {
            throw .store(error)
        }
    }
}
