public import MirrorStore
internal import Stripe

/// The state of the mirror in words: what is wrong, and what to do.
///
/// It is judged from the mirror and one setting, so that the status page and a command beside the daemon say the same.
public struct StatusVerdict: Sendable, Hashable {
    /// How bad it is.
    public enum Level: String, Sendable, Hashable, Comparable, CaseIterable, Encodable {
        /// Nothing has to be done.
        case good
        /// It works, and somebody should look at something.
        case warning
        /// Something does not work.
        case failure

        /// Whether the left one is less bad.
        public static func < (left: Self, right: Self) -> Bool {
            left != right && (left == .good || right == .failure)
        }
    }

    /// One thing that somebody should do something about.
    public struct Finding: Sendable, Hashable, Encodable {
        /// How bad it is.
        public var level: Level
        /// What is wrong, and what it means.
        public var problem: String
        /// What to do.
        public var remedy: String
        /// The command that does it or tells more.
        public var command: String?
    }

    /// The worst comes first.
    public let findings: [Finding]

    /// As bad as the worst finding.
    public var level: Level { findings.first?.level ?? .good }

    /// One sentence.
    public var headline: String {
        switch level {
        case .good: "All is well."
        case .warning: "It works, and something needs your attention."
        case .failure: "Something is wrong."
        }
    }

    /// Seconds without a sweep after which Stripe counts as out of reach: three intervals, and a quarter of an hour at least.
    static func sweepLimit(interval: Int64) -> Double { max(15 * 60, 3 * Double(interval)) }
    /// Seconds that a mirror which is another machine's may lag where nothing else is set.
    public static let usualLagLimit: Double = 60
    /// Seconds for which an object may wait for a read.
    static let waitLimit: Double = 5 * 60

    /// Judges what the mirror tells.
    ///
    /// - Parameters:
    ///   - report: What it tells.
    ///   - sweepInterval: Seconds between the daemon's sweeps.
    ///   - lagLimit: Seconds that a mirror which is another machine's may lag.
    public init(_ report: MirrorReport, sweepInterval: Int64, lagLimit: Double = Self.usualLagLimit) {
        findings =
            [
                Self.lag(report, limit: lagLimit), Self.filling(report), Self.sweeps(report, every: sweepInterval),
                Self.endpoint(report),
                Self.webhooks(report),
                Self.waiting(report), Self.failingReads(report), Self.failedEvents(report), Self.conflicts(report),
                Self.drift(report),
            ].compactMap(\.self).sorted { $0.level > $1.level } + report.status.warnings.map(Self.warning)
    }

    private static func filling(_ report: MirrorReport) -> Finding? {
        guard !report.status.isReady else { return nil }
        let pass = report.status.backfill
        let progress = "\(count(pass.customers, "customer")) and \(count(pass.subscriptions, "subscription")) so far"
        return Finding(
            level: .failure,
            problem: pass.state == .none
                ? "The mirror is empty: its first filling has not begun." : "The mirror is being filled: \(progress).",
            remedy:
                "Users whose customer is not there yet are asked to come again. If this does not move, see the log.",
            command: "journalctl -u portald -p warning --since -1d"
        )
    }

    private static func lag(_ report: MirrorReport, limit: Double) -> Finding? {
        guard report.status.isFollowed else { return nil }
        let lag = report.status.replication.lag(at: report.time)
        if let lag, lag <= limit { return nil }
        return Finding(
            level: .failure,
            problem: lag.map { "The primary's last sign of life is \(span($0)) old." }
                ?? "The primary has not given a sign of life yet.",
            remedy: "The primary or its Litestream is down, or the replica cannot be reached from here or there.",
            command: "journalctl -u portald-follow -p warning --since -1d"
        )
    }

    private static func sweeps(_ report: MirrorReport, every interval: Int64) -> Finding? {
        // Of another machine's mirror they are that machine's affair.
        guard report.status.isReady, !report.status.isFollowed else { return nil }
        let last = report.status.sweptAt ?? report.status.backfill.finishedAt
        guard let last, report.time - last > sweepLimit(interval: interval) else { return nil }
        return Finding(
            level: .failure,
            problem: "Stripe's list of events was last read through \(Self.span(report.time - last)) ago.",
            remedy:
                "portald does not run, or Stripe cannot be reached or refuses the key; what no webhook brings is missing.",
            command: "journalctl -u portald -p warning --since -1d"
        )
    }

    /// The first of what is wrong with the webhook endpoint, which `doctor` tells all of.
    private static func endpoint(_ report: MirrorReport) -> Finding? {
        guard let endpoint = report.status.endpoint, let fault = endpoint.faults.first else { return nil }
        // In which versions webhooks come is told by those that came.
        if fault.kind == .apiVersion, !report.status.warnings.isEmpty { return nil }
        let name = endpoint.endpoint.map { "The webhook endpoint \($0)" } ?? "The webhook endpoint"
        let (problem, command) =
            switch fault.kind {
            case .missing: ("Stripe has no webhook endpoint \(endpoint.url)", "portald doctor --fix")
            case .disabled: ("\(name) is disabled at Stripe", "portald doctor --fix")
            case .mode: ("\(name) is of the other mode than the key", "portald doctor")
            case .eventTypes: ("\(name) is not sent \(fault.details.joined(separator: ", "))", "portald doctor --fix")
            case .apiVersion:
                ("\(name) is of API version \(fault.details.first ?? "the account's default")", "portald doctor")
            case .duplicate:
                ("Several webhook endpoints lead here: \(fault.details.joined(separator: ", "))", "portald doctor")
            }
        let since = report.time - endpoint.since
        return Finding(
            level: endpoint.losesEvents ? .failure : .warning,
            problem: problem + (since < 60 ? "." : ", for \(span(since))."),
            remedy: endpoint.losesEvents
                ? "Sweeps bring what is missing, minutes late. Once it is in order, a sweep follows within a minute or so."
                : "The mirror stays right, at the cost of more calls to Stripe.",
            command: command
        )
    }

    private static func webhooks(_ report: MirrorReport) -> Finding? {
        let missed = report.day.outcomes.values.reduce(0, +) - report.day.deliveries
        guard report.day.deliveries == 0, missed > 0 else { return nil }
        return Finding(
            level: .failure,
            problem: "No webhook came for a day, though Stripe's list had \(count(missed, "new event")).",
            remedy:
                "The endpoint may be missing or disabled at Stripe, or the proxy may not lead here. Changes come late.",
            command: "portald doctor"
        )
    }

    private static func waiting(_ report: MirrorReport) -> Finding? {
        guard let since = report.status.pendingSince, report.time - Double(since) > waitLimit else { return nil }
        return Finding(
            level: .warning,
            problem: "\(count(report.status.pendingObjects, "object")) to be read from Stripe, the first for "
                + "\(span(report.time - Double(since))).",
            remedy: "Their rows may be out of date. Reads are retried by themselves; the log says what stops them.",
            command: "portald events list --outcome pending"
        )
    }

    private static func failingReads(_ report: MirrorReport) -> Finding? {
        guard report.status.failingReadCount > 0 else { return nil }
        return Finding(
            level: .warning,
            problem: "\(count(report.status.failingReadCount, "object")) could not be read from Stripe.",
            remedy: "Each is tried again, ever more rarely. The reasons are below.",
            command: nil
        )
    }

    private static func failedEvents(_ report: MirrorReport) -> Finding? {
        guard let failed = report.status.events[Outcome.failed.rawValue], failed > 0 else { return nil }
        return Finding(
            level: .warning,
            problem: "\(count(failed, "event")) could not be applied.",
            remedy: "They are kept with their reasons. After an update of portald, have them applied again.",
            command: "portald events replay --failed"
        )
    }

    private static func conflicts(_ report: MirrorReport) -> Finding? {
        guard report.status.linkConflicts > 0 else { return nil }
        return Finding(
            level: .warning,
            problem:
                "\(count(report.status.linkConflicts, "customer")) claimed for more than one user: the portal opens for nobody.",
            remedy: "Decide whose each is: portald link USER CUSTOMER.",
            command: "portald links --conflicts"
        )
    }

    private static func drift(_ report: MirrorReport) -> Finding? {
        guard report.status.verification.drifted > 0 else { return nil }
        return Finding(
            level: .warning,
            problem:
                "The last comparison with Stripe found \(count(report.status.verification.drifted, "row")) that differed "
                + "without an event that says why.",
            remedy: "They are repaired. If it happens again, please report it.",
            command: "portald verify"
        )
    }

    private static func warning(_ text: String) -> Finding {
        Finding(level: .warning, problem: text.prefix(1).uppercased() + text.dropFirst() + ".", remedy: "")
    }

    /// A time in words, rounded down.
    static func span(_ seconds: Double) -> String {
        let seconds = Int64(max(0, seconds))
        let (count, unit) =
            switch seconds {
            case ..<120: (seconds, "second")
            case ..<7200: (seconds / 60, "minute")
            case ..<172_800: (seconds / 3600, "hour")
            default: (seconds / 86_400, "day")
            }
        return Self.count(Int(count), unit)
    }

    private static func count(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

extension StatusVerdict: Encodable {
    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case level, headline, findings
    }

    /// Writes the verdict with its findings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(level, forKey: .level)
        try container.encode(headline, forKey: .headline)
        try container.encode(findings, forKey: .findings)
    }
}
