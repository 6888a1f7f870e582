internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore
internal import Mustache
internal import NIOConcurrencyHelpers

/// Makes the status page, anew for whoever asks, but no more often than the mirror bears.
struct StatusPageRenderer: Sendable {
    /// A report costs a walk over the mirror: for ten times as long as that took, and for two seconds at least, it is
    /// shown again.
    private struct Kept: Sendable {
        var report: MirrorReport
        var expires: ContinuousClock.Instant
    }

    private static let shortest: Duration = .seconds(2)
    private static let rest = 10

    private let store: MirrorStore
    private let now: @Sendable () -> Double
    private let template: MustacheTemplate
    private let kept = NIOLockedValueBox<Kept?>(nil)

    init(store: MirrorStore, now: @escaping @Sendable () -> Double) throws {
        self.store = store
        self.now = now
        template = try MustacheTemplate(string: String(decoding: PackageResources.status_html, as: UTF8.self))
    }

    func page() async throws(MirrorError) -> String {
        template.render(StatusPage(try await report()))
    }

    private func report() async throws(MirrorError) -> MirrorReport {
        let begin = ContinuousClock.now
        if let kept = kept.withLockedValue({ $0 }), kept.expires > begin {
            return kept.report
        }
        let report = try await MirrorReport(of: store, now: now())
        let end = ContinuousClock.now
        kept.withLockedValue {
            $0 = Kept(report: report, expires: end + max(Self.shortest, (end - begin) * Self.rest))
        }
        return report
    }
}
