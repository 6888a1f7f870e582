public import MirrorStore
internal import Stripe
public import StripeClient

/// Fills the mirror with all that Stripe lists: customers, then subscriptions, then what the mirror holds and no list shows.
///
/// How far it has come is kept with each page, so that it goes on from there after a restart. Webhooks land meanwhile; an
/// entry that an event has overtaken is dropped and read on its own. Of two processes that fill one mirror, each goes on from
/// where the other has come.
public struct Backfill: Sendable {
    private let list: ObjectList
    private let fetcher: ObjectFetcher
    private let reads: ObjectReads
    private let log: SyncLog
    private let now: @Sendable () -> Double

    /// - Parameters:
    ///   - client: Calls Stripe.
    ///   - reads: The mirror's side of reads.
    ///   - log: Keeps how far it has come.
    ///   - now: Unix seconds by this machine's clock.
    public init(client: StripeClient, reads: ObjectReads, log: SyncLog, now: @escaping @Sendable () -> Double) {
        fetcher = ObjectFetcher(client: client, reads: reads, now: now)
        list = ObjectList(fetcher: fetcher, lane: .backfill)
        self.reads = reads
        self.log = log
        self.now = now
    }

    /// Fills the mirror, from where an earlier run was broken off.
    ///
    /// - Parameter onProgress: Told after each page.
    /// - Returns: The finished pass.
    /// - Throws: ``SyncError``; what was filled until then stays, and the next run goes on from there.
    public func run(
        onProgress: @Sendable (PassProgress) async -> Void = { _ in }
    ) async throws(SyncError) -> Pass {
        var begun = try await unfinishedPass()
        while begun?.stage != .unlisted {
            let kind: MirroredKind = begun?.stage == .subscriptions ? .subscription : .customer
            begun = try await fill(kind, begun, onProgress)
            if begun == nil {
                begun = try await unfinishedPass()
                if begun == nil { return try await finishedPass() }
            }
        }
        guard var pass = begun else { throw .store(.inconsistent("a backfill was not kept")) }
        try await readUnlisted(&pass, onProgress)
        let finished = pass
        try await SyncError.stored { () async throws(MirrorError) in try await log.finish(finished, at: now()) }
        return finished
    }

    private func unfinishedPass() async throws(SyncError) -> Pass? {
        try await SyncError.stored { () async throws(MirrorError) in try await log.unfinishedPass(.backfill) }
    }

    /// The pass that another process has finished meanwhile.
    private func finishedPass() async throws(SyncError) -> Pass {
        try await SyncError.stored { () async throws(MirrorError) in
            guard let pass = try await log.finishedPass(.backfill) else {
                throw .inconsistent("a backfill was not kept")
            }
            return pass
        }
    }

    /// Takes in one of Stripe's lists, to its end.
    ///
    /// - Returns: The pass at its next stage; nil where another process has moved it on meanwhile.
    private func fill(
        _ kind: MirroredKind,
        _ begun: Pass?,
        _ onProgress: @Sendable (PassProgress) async -> Void
    ) async throws(SyncError) -> Pass? {
        var pass = begun
        var trail = PageTrail(cursor: begun?.cursor)
        while true {
            let began = now()
            let page: ObjectList.Page
            do throws(SyncError) {
                page = try await list.page(kind, after: trail.cursor)
            } catch  where error.isLostCursor && trail.stepBack() {
                continue
            }
            let isFirst = trail.cursor == nil
            trail.advance(over: page)
            let current: Pass
            if let pass {
                current = pass
            } else {
                current = try await SyncError.stored { () async throws(MirrorError) in
                    try await log.beginPass(.backfill, at: began, date: page.date)
                }
                guard current.stage == .customers, current.cursor == nil else { return nil }
            }
            let advanced = current.advanced(over: page, of: kind, isFirst: isFirst)
            let refused = try await SyncError.stored { () async throws(MirrorError) in
                try await reads.fill(page.replies, moving: current, to: advanced, at: now())
            }
            guard let refused else { return nil }
            pass = advanced
            let incomplete = page.replies.map(\.object).filter { !$0.isComplete }
            let unread = try await read(incomplete.map { ObjectReference(kind: kind, id: $0.id) })
            await onProgress(
                PassProgress(pass: advanced, created: page.created, unreadable: page.unreadable + refused + unread)
            )
            guard page.hasMore else { return advanced }
        }
    }

    /// Reads what no list has shown: Stripe leaves out deleted customers and what is on a test clock.
    ///
    /// An entry that an event has overtaken waits for the refresher, which reads it once the grace has passed.
    private func readUnlisted(
        _ pass: inout Pass,
        _ onProgress: @Sendable (PassProgress) async -> Void
    ) async throws(SyncError) {
        while true {
            let (beganAt, cursor) = (pass.beganAt, pass.cursor)
            let objects = try await SyncError.stored { () async throws(MirrorError) in
                try await reads.unchecked(since: beganAt, after: cursor, limit: 100)
            }
            guard let last = objects.last else { return }
            let unreadable = try await read(objects)
            pass.cursor = last.id
            let advanced = pass
            try await SyncError.stored { () async throws(MirrorError) in try await log.save(advanced) }
            await onProgress(PassProgress(pass: advanced, created: nil, unreadable: unreadable))
        }
    }

    /// Reads objects one by one.
    ///
    /// - Returns: Ids of those that could not be read.
    private func read(_ objects: [ObjectReference]) async throws(SyncError) -> [String] {
        var unreadable: [String] = []
        for object in objects {
            do throws(SyncError) {
                let reply = try await fetcher.fetch(object, lane: .backfill)
                _ = try await SyncError.stored { () async throws(MirrorError) in
                    try await reads.finish(reply, for: .backfill, at: now())
                }
            } catch  where error.isOfOneObject {
                // A key of another account must not bury the mirror: what Stripe does not know stays, and is reported.
                unreadable.append(object.id)
            }
        }
        return unreadable
    }
}
