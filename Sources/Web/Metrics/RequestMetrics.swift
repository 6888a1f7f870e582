internal import HTTPTypes
public import Metrics
internal import NIOConcurrencyHelpers
internal import Portal
internal import Stripe
internal import Sync

/// What the public listener counts.
public struct RequestMetrics: Sendable {
    /// What each metric says, by its name.
    public static let help = [
        refusalsLabel: "Webhook deliveries that were not taken in, by the code of the answer; Stripe sends them again.",
        webhookLabel: "Time from a webhook's headers to its answer, the wait for the disk included.",
        portalLabel: "Requests for the billing portal, by decision: 'allowed' or the code of the error.",
        portalDurationLabel:
            "Time from a request for the billing portal to its answer, with the call to Stripe where there was one.",
    ]

    private static let refusalsLabel = "portald_deliveries_refused_total"
    private static let webhookLabel = "portald_webhook_duration_seconds"
    private static let portalLabel = "portald_portal_requests_total"
    private static let portalDurationLabel = "portald_portal_duration_seconds"

    private let refusals: CodeCounters
    private let webhook: Timer
    private let portal: CodeCounters
    private let portalDuration: Timer

    /// - Parameter factory: Makes the counters; by default what is counted goes nowhere.
    public init(factory: any MetricsFactory = NOOPMetricsHandler.instance) {
        let signatureErrors: [WebhookSignatureError] = [
            .headerMissing, .noTimestamp, .ambiguousTimestamp, .invalidTimestamp, .noSignature, .noMatch,
            .outsideTolerance(age: 0),
        ]
        let refusalCodes = signatureErrors.map { HTTPFailure(WebhookError.signature($0)).code }
        refusals = CodeCounters(
            Self.refusalsLabel,
            known: refusalCodes + ["invalid_event", "body_too_large", "body_unreadable", "store_unavailable"],
            factory: factory
        )
        webhook = Timer(label: Self.webhookLabel, factory: factory)
        portal = CodeCounters(
            Self.portalLabel,
            known: ["allowed", "internal_error"] + PortalError.allCases.map(\.code),
            factory: factory
        )
        portalDuration = Timer(label: Self.portalDurationLabel, factory: factory)
    }

    /// Counts an answer to a webhook.
    func webhook<Answer>(_ answer: () async throws -> Answer) async throws -> Answer {
        try await measure(webhook, answer) { code in
            // What was taken in is counted where it is written.
            if let code { refusals.increment(code) }
        }
    }

    /// Counts an answer to a request for the portal.
    func portal<Answer>(_ answer: () async throws -> Answer) async throws -> Answer {
        try await measure(portalDuration, answer) { code in
            portal.increment(code ?? "allowed")
        }
    }

    private func measure<Answer>(
        _ timer: Timer,
        _ answer: () async throws -> Answer,
        _ count: (_ errorCode: String?) -> Void
    ) async throws -> Answer {
        let start = ContinuousClock.now
        defer { timer.record(duration: .now - start) }
        do {
            let value = try await answer()
            count(nil)
            return value
        } catch {
            count(HTTPFailure(error).code)
            throw error
        }
    }
}

/// Counters of one name, one for each code of an answer.
private final class CodeCounters: Sendable {
    private let label: String
    private let factory: any MetricsFactory
    private let counters: NIOLockedValueBox<[String: Counter]>

    /// - Parameters:
    ///   - label: Their name.
    ///   - known: Those that are there from the start, at 0: of a series that only appears, nobody can tell the rise.
    ///   - factory: Makes the counters.
    init(_ label: String, known: [String], factory: any MetricsFactory) {
        self.label = label
        self.factory = factory
        let counters = known.map { ($0, Self.counter(label, $0, factory)) }
        self.counters = NIOLockedValueBox(Dictionary(counters) { first, _ in first })
    }

    /// Counts an answer; there are as many codes as the table of errors has.
    func increment(_ code: String) {
        let counter = counters.withLockedValue { counters in
            if let known = counters[code] { return known }
            let made = Self.counter(label, code, factory)
            counters[code] = made
            return made
        }
        counter.increment()
    }

    private static func counter(_ label: String, _ code: String, _ factory: any MetricsFactory) -> Counter {
        Counter(label: label, dimensions: [("code", code)], factory: factory)
    }
}
