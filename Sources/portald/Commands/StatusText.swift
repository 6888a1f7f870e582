import Foundation
import MirrorStore
import Stripe
import Web

/// The mirror's status as an operator reads it: first what is wrong, and what to do.
struct StatusText {
    let status: MirrorStatus
    let verdict: StatusVerdict

    init(_ status: MirrorStatus, _ verdict: StatusVerdict) {
        self.status = status
        self.verdict = verdict
    }

    var text: String {
        let events = status.events.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let waiting = status.pendingSince.map { ", the oldest since \(Self.time(Double($0)))" } ?? ""
        var rows = [
            ("database", "\(status.database), \(status.databaseBytes / 1024) KiB, schema \(status.schema)"),
            ("ready", status.isReady ? "yes" : "no, the first backfill has not finished"),
            ("customers", "\(status.customers.total), \(status.customers.unconfirmed) unconfirmed"),
            ("subscriptions", "\(status.subscriptions.total), \(status.subscriptions.unconfirmed) unconfirmed"),
            ("user links", "\(status.userLinks), \(status.linkConflicts) customers in conflict"),
            ("events", events.isEmpty ? "none" : events.joined(separator: ", ")),
            ("waiting", "\(status.pendingObjects) objects\(waiting)"),
            ("last event", status.lastEventReceivedAt.map { Self.time(Double($0)) } ?? "never"),
            ("last sweep", sweep),
            ("backfill", Self.pass(status.backfill)),
            ("verification", verification),
            ("unverified", status.oldestUnverifiedSeconds.map { "no row for longer than \($0) seconds" } ?? "no row"),
            ("endpoint", endpoint),
            ("API version", versions),
            ("replication", replication),
        ]
        for (index, secret) in status.webhookSecrets.enumerated() {
            let used = secret.lastUsedAt.map { ", last on \(Self.time(Double($0)))" } ?? ""
            rows.append((index == 0 ? "secrets" : "", "\(secret.fingerprint)  \(secret.words)\(used)"))
        }
        if status.failingReadCount > 0 {
            rows.append(("failing reads", "\(status.failingReadCount) objects"))
            rows += status.failingReads.map { ("", "\($0.object)  \(LineLogHandler.quote($0.error, spaces: true))") }
        }
        let lines = rows.map { $0.0.padding(toLength: Self.margin, withPad: " ", startingAt: 0) + $0.1 }
        return (judgement + [""] + lines).joined(separator: "\n")
    }

    private static let margin = 15

    private var judgement: [String] {
        let remedy = String(repeating: " ", count: Self.margin) + "→ "
        return [verdict.headline]
            + verdict.findings.flatMap { finding in
                let level = finding.level.rawValue.padding(toLength: Self.margin, withPad: " ", startingAt: 0)
                let words = [finding.problem, finding.remedy].filter { !$0.isEmpty }.joined(separator: " ")
                return [level + words] + (finding.command.map { [remedy + $0] } ?? [])
            }
    }

    private var replication: String {
        let sign =
            status.replication.heartbeatAt.map { "its last sign of life on \(Self.time($0))" } ?? "no sign of life yet"
        return "\(status.isFollowed ? "follows the primary" : "primary"), epoch \(status.replication.epoch), \(sign)"
    }

    private var endpoint: String {
        guard let endpoint = status.endpoint else { return "not watched" }
        let faults = endpoint.faults.map(\.kind.rawValue)
        return "\(endpoint.endpoint ?? "none") for \(endpoint.url), "
            + (faults.isEmpty ? "as it should be" : faults.joined(separator: ", "))
            + ", looked at \(Self.time(endpoint.checkedAt))"
    }

    private var verification: String {
        let pass = Self.pass(status.verification)
        return status.verification.state == .none ? pass : "\(pass), \(status.verification.drifted) drifted"
    }

    private var sweep: String {
        guard let sweptTo = status.sweptTo else { return "never" }
        let ended = status.sweptAt.map { Self.time($0) } ?? "none since the backfill"
        return "\(ended), of all events up to \(Self.time(Double(sweptTo)))"
    }

    private var versions: String {
        let webhooks = status.webhookAPIVersions.joined(separator: ", ")
        return "\(status.apiVersion ?? "not known yet"), webhooks of late: \(webhooks.isEmpty ? "none" : webhooks)"
    }

    private static func pass(_ pass: PassStatus) -> String {
        let count = "\(pass.customers) customers, \(pass.subscriptions) subscriptions"
        let finished = pass.finishedAt.map(time)
        switch pass.state {
        case .none: return "none yet"
        case .unfinished:
            let since = pass.beganAt.map { " since \(time($0))" } ?? ""
            return "at \(pass.stage ?? "its end")\(since), \(count)"
                + (finished.map { ", the one before ended \($0)" } ?? "")
        case .finished: return "finished \(finished ?? ""), \(count)"
        }
    }

    private static func time(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
