internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore
internal import Mustache
internal import NIOConcurrencyHelpers

/// Makes the status page, anew for whoever asks, but no more often than the mirror bears.
struct StatusPageRenderer: Sendable {
    /// What was read once is shown again for a multiple of the time that reading took, and for two seconds at least.
    private struct Kept<Value: Sendable>: Sendable {
        private let box = NIOLockedValueBox<(value: Value, expires: ContinuousClock.Instant)?>(nil)
        let rest: Int

        private static var shortest: Duration { .seconds(2) }

        func value(orRead read: () async throws(MirrorError) -> Value) async throws(MirrorError) -> Value {
            let begin = ContinuousClock.now
            if let kept = box.withLockedValue({ $0 }), kept.expires > begin {
                return kept.value
            }
            let value = try await read()
            let end = ContinuousClock.now
            let expires = end + max(Self.shortest, (end - begin) * rest)
            box.withLockedValue { $0 = (value, expires) }
            return value
        }
    }

    private let store: MirrorStore
    private let now: @Sendable () -> Double
    private let template: MustacheTemplate
    private let sweepInterval: Int64
    private let lagLimit: Double
    private let report = Kept<MirrorReport>(rest: 10)
    /// They cost a walk over the mirror: a page that is left open is to take a hundredth of a reader's time at most.
    private let totals = Kept<MirrorTotals>(rest: 100)

    init(
        store: MirrorStore,
        sweepInterval: Int64,
        lagLimit: Double,
        now: @escaping @Sendable () -> Double
    ) throws {
        self.store = store
        self.sweepInterval = sweepInterval
        self.lagLimit = lagLimit
        self.now = now
        template = try MustacheTemplate(string: String(decoding: PackageResources.status_html, as: UTF8.self))
    }

    func page() async throws(MirrorError) -> String {
        let report = try await report.value { () async throws(MirrorError) in
            let totals = try await totals.value { () async throws(MirrorError) in try await MirrorTotals(of: store) }
            return try await MirrorReport(of: store, totals: totals, now: now())
        }
        return template.render(StatusPage(report, sweepInterval: sweepInterval, lagLimit: lagLimit))
    }
}
