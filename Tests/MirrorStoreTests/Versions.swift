import Stripe

@testable import MirrorStore

/// Versions of an object by letters, for tests in which only their identity matters.
extension Revision {
    static func version(_ name: String) -> Revision { named[name] ?? made(of: name) }

    /// The name that it was made of, if that is one of the usual ones.
    var versionName: String? { Self.names[self] }

    /// A letter each; an ended version begins with `x`, and one that the API renders otherwise ends with a star.
    private static let named: [String: Revision] = {
        let living = ["A", "B", "C", "D", "E"]
        let all = living + living.map { "x\($0)" } + ["xx", "xy"]
        return Dictionary(uniqueKeysWithValues: (all + all.map { "\($0)*" }).map { ($0, made(of: $0)) })
    }()
    private static let names = Dictionary(uniqueKeysWithValues: named.map { ($1, $0) })

    private static func made(of name: String) -> Revision {
        // A name is its own canonical form.
        guard let json = try? JSON(parsing: Array("\"\(name)\"".utf8)) else { preconditionFailure("not a name: \(name)") }
        return Revision(of: json)
    }
}

extension Change {
    static func update(
        _ event: String,
        from parent: String,
        to version: String,
        created: Int64 = 100,
        request: String? = nil,
        isEnded: Bool = false,
        parentEnded: Bool = false,
        isComplete: Bool = true
    ) -> Change {
        Change(
            event: event,
            kind: .updated(parent: .version(parent), parentEnded: parentEnded),
            revision: .version(version),
            isEnded: isEnded,
            isComplete: isComplete,
            created: created,
            request: request
        )
    }

    static func creation(_ event: String, of version: String, created: Int64 = 100, isComplete: Bool = true) -> Change {
        Change(event: event, kind: .created, revision: .version(version), isComplete: isComplete, created: created)
    }

    static func deletion(_ event: String, as version: String, created: Int64 = 100) -> Change {
        Change(event: event, kind: .deleted, revision: .version(version), isEnded: true, created: created)
    }

    static func check(_ event: String, of version: String, created: Int64 = 100, isEnded: Bool = false) -> Change {
        Change(event: event, kind: .check, revision: .version(version), isEnded: isEnded, created: created)
    }

    static func thin(_ event: String, created: Int64 = 100, snapshotEvent: String? = nil) -> Change {
        Change(event: event, kind: .thin, revision: nil, isEnded: true, created: created, snapshotEvent: snapshotEvent)
    }
}

/// One object under the rule, with all of its past at hand.
struct Subject {
    var state: ObjectState
    private(set) var edges: [Edge] = []
    private(set) var settled: [String: Outcome] = [:]
    private var seen: Set<String> = []

    init(_ kind: MirroredKind) {
        state = ObjectState(kind: kind)
    }

    @discardableResult
    mutating func receive(_ change: Change, at now: Double = 100) -> Outcome {
        guard let event = change.event, seen.insert(event).inserted else { return .duplicate }
        var rule = next
        let outcome = rule.receive(change, at: now)
        take(rule)
        return outcome
    }

    func token(at now: Double) -> ObjectRead.Token {
        ObjectRead.Token(sequence: state.sequence, sentAt: now)
    }

    @discardableResult
    mutating func finish(_ read: ObjectRead, at now: Double) -> ObjectRead.Outcome {
        var rule = next
        let outcome = rule.finish(read, at: now)
        take(rule)
        return outcome
    }

    /// A new process begins where another one was killed.
    mutating func resume(at now: Double) {
        var rule = next
        rule.resume(at: now)
        take(rule)
    }

    /// A read that is sent and answered with nothing in between.
    @discardableResult
    mutating func read(
        _ version: String,
        at now: Double,
        purpose: ObjectRead.Purpose = .refresh,
        isEnded: Bool = false,
        isDeleted: Bool = false,
        isComplete: Bool = true
    ) -> ObjectRead.Outcome {
        finish(
            ObjectRead(
                token: token(at: now),
                purpose: purpose,
                revision: .version(version),
                isEnded: isEnded,
                isDeleted: isDeleted,
                isComplete: isComplete,
                date: Int64(now)
            ),
            at: now
        )
    }

    var nextRead: Double? { next.nextRead }

    private var next: FastForward { FastForward(state: state, edges: edges, sequence: state.sequence + 1) }

    private mutating func take(_ rule: FastForward) {
        state = rule.state
        for effect in rule.effects {
            switch effect {
            case .remember(let edge): edges.append(edge)
            case .settle(let event, let outcome): settled[event] = outcome
            }
        }
    }

    func shows(_ version: String) -> Bool { state.shown?.revision == .version(version) }
    func proves(_ version: String) -> Bool { state.proven?.revision == .version(version) }
}
