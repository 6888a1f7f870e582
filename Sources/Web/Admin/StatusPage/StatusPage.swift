internal import FoundationEssentials
internal import MirrorStore

/// The status page as its template reads it: every value is text already, and Mustache escapes it.
struct StatusPage: Sendable {
    struct Finding: Sendable {
        var level: String
        var problem: String
        var remedy: String
        var command: String?
    }

    struct Chart: Sendable {
        var title: String
        var drawing: StatusChart
        var total: String
        var width = StatusChart.width
        var height = StatusChart.height
    }

    struct Count: Sendable {
        var name: String
        var value: String
        var note: String?
    }

    struct Event: Sendable {
        var id: String
        var type: String
        var object: String
        var outcome: String
        var received: String
        var error: String?
        var command: String
    }

    struct Conflict: Sendable {
        var customer: String
        var users: [String]
        var command: String
    }

    struct FailingRead: Sendable {
        var object: String
        var error: String
    }

    let level: String
    let headline: String
    let time: String
    let findings: [Finding]
    let charts: [Chart]
    let counts: [Count]
    let outcomes: [Count]
    let passes: [Count]
    let secrets: [Count]
    let failingReads: [FailingRead]
    let events: [Event]
    let conflicts: [Conflict]

    init(_ report: MirrorReport, sweepInterval: Int64, lagLimit: Double) {
        let verdict = StatusVerdict(report, sweepInterval: sweepInterval, lagLimit: lagLimit)
        let status = report.status
        level = verdict.level.rawValue
        headline = verdict.headline
        time = Self.time(report.time)
        findings = verdict.findings.map {
            Finding(level: $0.level.rawValue, problem: $0.problem, remedy: $0.remedy, command: $0.command)
        }
        charts =
            Self.charts(report.hour, of: "the last hour", by: "minute")
            + Self.charts(report.day, of: "the last day", by: "quarter of an hour")
        counts = [
            Count(name: "Customers", value: "\(status.customers.total)", note: Self.unconfirmed(status.customers)),
            Count(
                name: "Subscriptions",
                value: "\(status.subscriptions.total)",
                note: Self.unconfirmed(status.subscriptions)
            ),
            Count(
                name: "User links",
                value: "\(status.userLinks)",
                note: Self.note(status.linkConflicts, "in conflict")
            ),
            Count(name: "Waiting for a read", value: "\(status.pendingObjects)"),
            Count(name: "Last event", value: Self.age(status.lastEventReceivedAt.map(Double.init), report)),
            Count(name: "Last sweep", value: Self.age(status.sweptAt, report)),
            Count(name: "Database", value: Self.size(status.databaseBytes)),
        ]
        outcomes = Outcome.allCases.map { outcome in
            Count(name: outcome.rawValue, value: "\(report.day.outcomes[outcome] ?? 0)")
        }
        passes = [
            Count(name: "Backfill", value: Self.pass(status.backfill, report)),
            Count(
                name: "Verification",
                value: Self.pass(status.verification, report),
                note: Self.note(status.verification.drifted, "rows drifted")
            ),
            Count(
                name: "Longest unverified",
                value: status.oldestUnverifiedSeconds.map { StatusVerdict.span(Double($0)) } ?? "no row"
            ),
        ]
        secrets = status.webhookSecrets.map { secret in
            Count(
                name: secret.fingerprint,
                value: secret.words,
                note: secret.lastUsedAt.map { "last used \(Self.age(Double($0), report))" }
            )
        }
        failingReads = status.failingReads.map { FailingRead(object: $0.object, error: $0.error) }
        events = report.unsettled.map { entry in
            Event(
                id: entry.id,
                type: entry.type,
                object: entry.objectID ?? "none",
                outcome: entry.outcome,
                received: Self.time(Double(entry.receivedAt)),
                error: entry.error,
                command: "portald events show \(Self.shellWord(entry.id))"
            )
        }
        conflicts = report.conflicts.compactMap { links in
            guard let first = links.first else { return nil }
            let users = Set(links.map(\.user)).sorted()
            return Conflict(
                customer: first.customer,
                users: users,
                command: "portald link \(Self.shellWord(users[0])) \(Self.shellWord(first.customer))"
            )
        }
    }

    private static func charts(_ activity: Activity, of period: String, by step: String) -> [Chart] {
        let events = StatusChart(activity, "Events", unit: "events") { Int64($0.events) }
        let delays = StatusChart(activity, "Longest delay of webhooks", unit: "s", value: \.longestDelay)
        let average = activity.averageDelay.map { "\(Int64($0.rounded())) s on average" } ?? "no webhook came"
        return [
            Chart(
                title: "Events in \(period), by the \(step)",
                drawing: events,
                total: "\(activity.outcomes.values.reduce(0, +)) in all, \(activity.deliveries) by webhook"
            ),
            Chart(title: "Slowest webhook in \(period), by the \(step)", drawing: delays, total: average),
        ]
    }

    private static func pass(_ pass: PassStatus, _ report: MirrorReport) -> String {
        let count = "\(pass.customers) customers, \(pass.subscriptions) subscriptions"
        switch pass.state {
        case .none: return "none yet"
        case .unfinished: return "at \(pass.stage ?? "its end"): \(count)"
        case .finished: return "finished \(age(pass.finishedAt, report)): \(count)"
        }
    }

    private static func age(_ time: Double?, _ report: MirrorReport) -> String {
        guard let time else { return "never" }
        return report.time - time < 1 ? "just now" : "\(StatusVerdict.span(report.time - time)) ago"
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 10 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }

    private static func unconfirmed(_ rows: MirrorStatus.Rows) -> String? {
        note(rows.unconfirmed, "unconfirmed")
    }

    private static func note(_ count: Int, _ words: String) -> String? {
        count > 0 ? "\(count) \(words)" : nil
    }

    private static func time(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds.rounded(.down))
            .formatted(.iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false))
            + " UTC"
    }

    /// A word that a shell takes as it is: ids of users are the operator's own and may be anything.
    static func shellWord(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !text.hasPrefix("-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "@"), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "+"):
                    true
                default: false
                }
            }
        return isPlain ? text : "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
}
