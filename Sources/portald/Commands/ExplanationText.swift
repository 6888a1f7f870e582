import Foundation
import MirrorStore
import Portal

/// An explanation as an operator reads it.
struct ExplanationText {
    let explanation: Explanation

    init(_ explanation: Explanation) {
        self.explanation = explanation
    }

    var text: String {
        var rows = [
            ("user", LineLogHandler.quote(explanation.user, spaces: true)),
            ("as of", explanation.time.map(Self.time) ?? "now"),
            (
                "decision",
                [explanation.decision ?? "not known", explanation.customer].compactMap(\.self).joined(separator: " ")
            ),
            ("because", explanation.reason),
            ("mirror", explanation.isFilled ? "filled" : "its first backfill has not finished"),
        ]
        if let answer = explanation.answer {
            rows.insert(("asked about", Self.request(answer)), at: 1)
        }
        rows += explanation.links.map { ("link", Self.link($0)) }
        rows += explanation.objects.flatMap { Self.rows($0) }
        rows += explanation.requests.map { ("answered", Self.request($0)) }
        rows += explanation.notes.map { ("note", $0) }
        return rows.map { $0.0.padding(toLength: 14, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }

    private static func link(_ link: UserLink) -> String {
        let standing = link.standing == .inForce ? "" : "  \(standing(link.standing))"
        let made = time(Double(link.createdAt))
        guard let claimant = link.claimant else { return "\(link.customer)  by the \(link.source), \(made)\(standing)" }
        return "\(link.customer)  by \(link.source) of \(claimant), \(link.event ?? "a read"), \(made)\(standing)"
    }

    private static func standing(_ standing: UserLink.Standing) -> String {
        switch standing {
        case .inForce: "in force"
        case .conflict: "in conflict with another user's"
        case .agrees: "as the operator decided"
        case .overruled: "overruled by the operator"
        case .unlinked: "decided that it is not the user's"
        }
    }

    private static func request(_ request: AnsweredRequest) -> String {
        let answer = [request.code, request.customer].compactMap(\.self).joined(separator: " ")
        return "\(time(request.at))  \(request.id)  \(answer)  \(request.endpoint)  \(request.milliseconds) ms"
    }

    private static func rows(_ object: UserRecord.Object) -> [(String, String)] {
        let standing = object.shown.confirmed ? "confirmed" : "not confirmed"
        var states = [object.shown.status, object.shown.deleted ? "deleted" : nil].compactMap(\.self)
        states.append("\(standing) since \(time(object.standingSince))")
        if let checkedAt = object.checkedAt {
            states.append("not compared with Stripe since \(time(checkedAt))")
        }
        var rows = [(object.kind, "\(object.id)  \(states.joined(separator: ", "))")]
        rows += object.history.map { ("  showed", version($0)) }
        rows += object.pending.map { ("  waits", pending($0)) }
        if let dueAt = object.dueAt {
            rows.append(("  read", "due \(time(dueAt))"))
        }
        if let readError = object.readError {
            rows.append(("  read failed", LineLogHandler.quote(readError, spaces: true)))
        }
        return rows
    }

    private static func version(_ version: UserRecord.Version) -> String {
        let states = [
            version.status, version.deleted ? "deleted" : nil, version.confirmed ? "confirmed" : "not confirmed",
        ]
        return "\(time(version.at))  \(version.source)  \(states.compactMap(\.self).joined(separator: ", "))"
    }

    private static func pending(_ pending: UserRecord.PendingEvent) -> String {
        let event = pending.event ?? "a mark"
        let reason = pending.isBarred ? "only a read settles it" : "for its predecessor, or a read"
        return "\(event)  \(pending.kind), created \(time(Double(pending.created))), \(reason)"
    }

    private static func time(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
