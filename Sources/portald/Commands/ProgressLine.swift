import Foundation
import MirrorStore
import StripeClient
import Sync

/// Shows on standard error how far a pass has come: a bar on a terminal, else a line every ten seconds.
actor ProgressLine {
    /// How old the oldest object of each list is, Unix seconds; lists begin with the newest.
    private let oldest: [Pass.Stage: Int64]
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private let began: ContinuousClock.Instant
    private var stage: Pass.Stage?
    private var stageBegan: ContinuousClock.Instant
    private var countBefore = 0
    private var newest: Int64?
    private var lastLine: ContinuousClock.Instant?

    init(oldest: [Pass.Stage: Int64] = [:]) {
        self.oldest = oldest
        began = clock.now
        stageBegan = began
    }

    /// The progress of a backfill, with the remaining time where somebody looks on.
    static func ofBackfill(_ client: StripeClient) async throws -> ProgressLine {
        guard isatty(STDERR_FILENO) == 1 else { return ProgressLine() }
        return ProgressLine(oldest: [:])
    }

    func report(_ progress: PassProgress) {
        for id in progress.unreadable {
            write("\(isTerminal ? "\r\u{1B}[K" : "")\(id) could not be read from Stripe and is left as it is\n")
        }
        let now = clock.now
        let pass = progress.pass
        let count = pass.customers + pass.subscriptions
        if stage != pass.stage {
            stage = pass.stage
            stageBegan = now
            countBefore = count
            newest = nil
        }
        newest = newest ?? progress.created
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        guard lastLine.map({ now - $0 >= pause }) ?? isTerminal else { return }
        lastLine = now
        write(isTerminal ? "\r\(line(pass, progress.created, now))\u{1B}[K" : "\(line(pass, progress.created, now))\n")
    }

    func finish() {
        if isTerminal, lastLine != nil {
            write("\n")
        }
    }

    private func line(_ pass: Pass, _ created: Int64?, _ now: ContinuousClock.Instant) -> String {
        let seconds = (now - stageBegan) / .seconds(1)
        let done = pass.customers + pass.subscriptions - countBefore
        let rate = seconds > 0 ? Int(Double(done) / seconds) : 0
        let counts = "\(pass.customers) customers, \(pass.subscriptions) subscriptions, \(rate)/s"
        guard let created, let newest, let oldest = oldest[pass.stage], newest > oldest else {
            return "\(pass.stage.rawValue): \(counts)"
        }
        let fraction = min(max(Double(newest - created) / Double(newest - oldest), 0.001), 1)
        let left = Duration.seconds(seconds * (1 - fraction) / fraction)
        let bar = String(repeating: "█", count: Int(fraction * 20)).padding(toLength: 20, withPad: "·", startingAt: 0)
        return
            "\(pass.stage.rawValue): \(bar) \(Int(fraction * 100)) %  \(counts), about \(left.formatted(.time(pattern: .minuteSecond))) left"
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
