public import MirrorStore
internal import Stripe
public import StripeClient

/// Compares the mirror with Stripe, page by page, and calls a difference drift only where no event explains it.
///
/// A row that differs may be older or newer than the reply, because an event is on its way. So a difference is looked at
/// again: after a pause in which Stripe makes its event, after a sweep that brings the event, and under the row's latest
/// state. What differs still, while Stripe shows the same as before, is drift.
public struct Verifier: Sendable {
    /// What a verification came to.
    public struct Report: Sendable, Hashable {
        /// How many comparisons were made.
        public var compared = 0
        /// Rows that are not what Stripe has.
        public var drifts: [Drift] = []
        /// Objects of which nothing could be told: Stripe does not know them, they changed all the time, or an event of
        /// theirs waits to be settled by the daemon.
        public var undecided: [String] = []
        /// How many calls to Stripe were asked for.
        var calls = 0

        /// A report of nothing yet.
        public init() {}
    }

    /// A verification under way.
    struct Walk: Sendable {
        var pass: Pass
        var trail: PageTrail
        /// Objects whose rows differed, with the revision that Stripe showed.
        var candidates: [ObjectReference: Revision] = [:]
        /// Ids of objects that were found to be wrong or could not be told, so that each is reported once.
        var judged: Set<String> = []
        var report = Report()

        init(_ pass: Pass) {
            self.pass = pass
            trail = PageTrail(cursor: pass.cursor)
        }
    }

    /// How long Stripe may take to make a change's event.
    static let pause: Duration = .seconds(10)
    /// How often a difference is looked at.
    static let attempts = 6

    private let list: ObjectList
    private let fetcher: ObjectFetcher
    private let reads: ObjectReads
    private let sweeper: Sweeper
    private let now: @Sendable () -> Double
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - reads: The mirror's side of reads.
    ///   - sweeper: Brings events that may explain a difference.
    ///   - now: Unix seconds by this machine's clock.
    ///   - clock: Counts the pauses.
    public init(
        client: StripeClient,
        reads: ObjectReads,
        sweeper: Sweeper,
        now: @escaping @Sendable () -> Double,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        fetcher = ObjectFetcher(client: client, reads: reads, now: now)
        list = ObjectList(fetcher: fetcher, lane: .verify)
        self.reads = reads
        self.sweeper = sweeper
        self.now = now
        self.clock = clock
    }

    /// Compares everything.
    ///
    /// - Parameters:
    ///   - isRepairing: Whether rows that drifted are to show Stripe's objects afterwards.
    ///   - onProgress: Told after each page.
    /// - Returns: What it came to.
    /// - Throws: ``SyncError``; rows that were repaired until then stay.
    public func verifyAll(
        repairing isRepairing: Bool,
        onProgress: @Sendable (PassProgress) async -> Void = { _ in }
    ) async throws(SyncError) -> Report {
        _ = try await sweeper.sweepOnce()
        var walk = Walk(Pass(verificationAt: now()))
        while try await step(&walk, repairing: isRepairing) {
            await onProgress(PassProgress(pass: walk.pass, created: nil, unreadable: []))
        }
        return walk.report
    }

    /// Compares one page, or looks again at what differed.
    ///
    /// - Returns: Whether more is left to do.
    func step(_ walk: inout Walk, repairing isRepairing: Bool) async throws(SyncError) -> Bool {
        switch walk.pass.stage {
        case .customers: try await compare(.customer, &walk)
        case .subscriptions: try await compare(.subscription, &walk)
        case .unlisted where !walk.candidates.isEmpty:
            let candidates = walk.candidates
            walk.candidates = [:]
            try await judge(candidates, [], &walk, repairing: isRepairing)
            walk.judged.formUnion(candidates.keys.map(\.id))
        case .unlisted:
            let (beganAt, cursor) = (walk.pass.beganAt, walk.pass.cursor)
            let objects = try await SyncError.stored { () async throws(MirrorError) in
                try await reads.unchecked(since: beganAt, after: cursor, limit: 100)
            }
            guard let last = objects.last else { return false }
            let others = objects.filter { !walk.judged.contains($0.id) }
            if !others.isEmpty {
                try await judge([:], others, &walk, repairing: isRepairing)
            }
            walk.pass.cursor = last.id
        }
        return true
    }

    private func compare(_ kind: MirroredKind, _ walk: inout Walk) async throws(SyncError) {
        walk.report.calls += 1
        let page: ObjectList.Page
        do throws(SyncError) {
            page = try await list.page(kind, after: walk.trail.cursor)
        } catch  where error.isLostCursor && walk.trail.stepBack() {
            return
        }
        let verdicts = try await SyncError.stored { () async throws(MirrorError) in
            try await reads.verify(page.replies, repairing: false, at: now())
        }
        for (reply, verdict) in zip(page.replies, verdicts) {
            if case .drifted(let drift) = verdict {
                walk.candidates[drift.object] = reply.object.revision
            }
        }
        walk.report.compared += page.count
        walk.report.undecided += page.unreadable
        walk.judged.formUnion(page.unreadable)
        walk.pass = walk.pass.advanced(over: page, of: kind, isFirst: walk.trail.cursor == nil)
        walk.trail.advance(over: page)
    }

    /// Tells drift from what an event explains.
    ///
    /// - Parameters:
    ///   - candidates: Objects whose rows differed, with the revision that Stripe showed.
    ///   - others: Objects that have not been looked at yet.
    ///   - walk: Takes in what is found.
    ///   - isRepairing: Whether rows that drifted are to show Stripe's objects afterwards.
    /// - Throws: ``SyncError``.
    private func judge(
        _ candidates: [ObjectReference: Revision],
        _ others: [ObjectReference],
        _ walk: inout Walk,
        repairing isRepairing: Bool
    ) async throws(SyncError) {
        var seen = candidates
        var open = others
        for attempt in 0..<Self.attempts {
            if attempt > 0 || others.isEmpty {
                try await pause()
                _ = try await sweeper.sweepOnce()
                open = Array(seen.keys) + open.filter { seen[$0] == nil }
            }
            var left: [ObjectReference] = []
            for object in open {
                if attempt > 0, try await isWaiting(object) {
                    left.append(object)
                } else if try await !isSettled(object, &seen, &walk, repairing: isRepairing) {
                    left.append(object)
                }
            }
            guard !left.isEmpty else { return }
            open = left
        }
        walk.report.undecided += open.map(\.id)
    }

    /// Whether an event of an object waits: then a further reply would tell nothing.
    private func isWaiting(_ object: ObjectReference) async throws(SyncError) -> Bool {
        try await SyncError.stored { () async throws(MirrorError) in try await reads.isWaiting(object.id) }
    }

    /// Looks at one object once more.
    private func isSettled(
        _ object: ObjectReference,
        _ seen: inout [ObjectReference: Revision],
        _ walk: inout Walk,
        repairing isRepairing: Bool
    ) async throws(SyncError) -> Bool {
        walk.report.calls += 1
        let reply: ObjectReply
        do throws(SyncError) {
            reply = try await fetcher.fetch(object, lane: .verify)
        } catch  where error.isOfOneObject {
            seen[object] = nil
            walk.report.undecided.append(object.id)
            return true
        }
        walk.report.compared += 1
        let isUnchanged = seen[object] == reply.object.revision
        let verdicts = try await SyncError.stored { () async throws(MirrorError) in
            try await reads.verify([reply], repairing: isRepairing && isUnchanged, at: now())
        }
        switch verdicts.first {
        case .verified:
            seen[object] = nil
            return true
        case .drifted(let drift) where isUnchanged:
            seen[object] = nil
            walk.report.drifts.append(drift)
            walk.pass.drifted += 1
            return true
        case .drifted:
            seen[object] = reply.object.revision
            return false
        case .overtaken, nil:
            return false
        }
    }

    private func pause() async throws(SyncError) {
        do {
            try await clock.sleep(for: Self.pause)
        } catch {
            throw .call(.cancelled(attempts: 0))
        }
    }
}
