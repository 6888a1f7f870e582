import Foundation
import MirrorStore
import StripeClient
import Sync

/// Shows on standard error how far a pass has come: a bar on a terminal, else a line every ten seconds.
actor ProgressLine {
    /// Where the lists begin and end in time; without them there is no bar and no remaining time.
    private let spans: [Pass.Stage: ListSpan]
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private var lastWritten: ContinuousClock.Instant

    /// What was done when the present stage was first seen.
    private struct Start {
        var stage: Pass.Stage
        var at: ContinuousClock.Instant
        var count: Int
        var fraction: Double
    }

    private var start: Start?

    init(spans: [Pass.Stage: ListSpan] = [:]) {
        self.spans = spans
        lastWritten = clock.now
    }

    /// The progress of a backfill; where somebody looks on, Stripe is asked how far back its lists go.
    static func ofBackfill(_ client: StripeClient) async throws -> ProgressLine {
        guard isatty(STDERR_FILENO) == 1 else { return ProgressLine() }
        var spans: [Pass.Stage: ListSpan] = [:]
        spans[.customers] = try await ListSpan(of: .customer, client)
        spans[.subscriptions] = try await ListSpan(of: .subscription, client)
        return ProgressLine(spans: spans)
    }

    func report(_ progress: PassProgress) {
        for id in progress.unreadable {
            write("\(id) could not be read from Stripe and is left as it is", stays: true)
        }
        let now = clock.now
        guard now - lastWritten >= (isTerminal ? .milliseconds(100) : .seconds(10)) else { return }
        lastWritten = now
        write(text(progress, now), stays: !isTerminal)
    }

    func finish() {
        if isTerminal {
            write("", stays: false)
        }
    }

    private func text(_ progress: PassProgress, _ now: ContinuousClock.Instant) -> String {
        let pass = progress.pass
        let count = pass.customers + pass.subscriptions
        let fraction = progress.created.flatMap { spans[pass.stage]?.fraction(at: $0) }
        let start =
            start.flatMap { $0.stage == pass.stage ? $0 : nil }
            ?? Start(stage: pass.stage, at: now, count: count, fraction: fraction ?? 0)
        self.start = start
        let seconds = (now - start.at) / .seconds(1)
        let rate = seconds > 0 ? " \(Int(Double(count - start.count) / seconds))/s" : ""
        let counts = "\(pass.customers) customers, \(pass.subscriptions) subscriptions\(rate)"
        guard let fraction else { return "\(pass.stage.rawValue): \(counts)" }
        var left = ""
        if fraction > start.fraction, seconds > 1 {
            let duration = Duration.seconds(seconds * (1 - fraction) / (fraction - start.fraction))
            left = ", about \(duration.formatted(.time(pattern: .hourMinuteSecond))) left"
        }
        let bar = String(repeating: "#", count: Int(fraction * 20)).padding(toLength: 20, withPad: ".", startingAt: 0)
        return "\(pass.stage.rawValue): [\(bar)] \(Int(fraction * 100)) %  \(counts)\(left)"
    }

    private func write(_ text: String, stays: Bool) {
        let line = (isTerminal ? "\r\u{1B}[K" : "") + text + (stays ? "\n" : "")
        FileHandle.standardError.write(Data(line.utf8))
    }
}
