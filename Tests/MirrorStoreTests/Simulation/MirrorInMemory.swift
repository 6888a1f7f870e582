import MirrorStore
import Stripe

/// The rule alone, over values.
struct MirrorInMemory: SimulatedMirror {
    var subject: Subject

    init(_ kind: MirroredKind) {
        subject = Subject(kind)
    }

    mutating func begin(with state: StateName) {
        let read = ObjectRead(
            token: .init(sequence: 0, sentAt: -10_000),
            purpose: .backfill,
            revision: state.revision,
            isEnded: state.isEnded,
            date: -10_000
        )
        subject.finish(read, at: -10_000)
    }

    mutating func receive(_ event: SimulatedEvent, at now: Double) -> Outcome {
        subject.receive(Change(event), at: now)
    }

    var nextRead: Double? { subject.nextRead }

    func token(at now: Double) -> ObjectRead.Token { subject.token(at: now) }

    mutating func finish(_ reply: SimulatedReply, at now: Double) -> ObjectRead.Outcome {
        let read = ObjectRead(
            token: reply.token,
            purpose: reply.purpose,
            revision: reply.state.revision,
            isEnded: reply.state.isEnded,
            isDeleted: reply.isDeleted,
            date: reply.date
        )
        return subject.finish(read, at: now)
    }

    mutating func finishWithoutObject(at now: Double) {
        subject.state.pendingSince = subject.state.pending.isEmpty ? nil : now
    }

    /// The values stand for what is written.
    func kill() {}

    mutating func resume(at now: Double) {
        subject.resume(at: now)
    }

    var row: MirrorRow {
        let state = subject.state
        return MirrorRow(
            state: state.isDeleted ? .deleted : state.shown.map { StateName($0.revision) },
            isConfirmed: state.isConfirmed
        )
    }
}

extension Change {
    init(_ event: SimulatedEvent) {
        let kind: Kind =
            switch event.shape {
            case .created: .created
            case .updated(let parent): .updated(parent: parent.revision, parentEnded: parent.isEnded)
            case .deleted: .deleted
            case .check: .check
            }
        self.init(
            event: event.id,
            kind: kind,
            revision: event.state.revision,
            isEnded: event.state.isEnded || kind == .deleted,
            created: event.created,
            request: event.request
        )
    }
}

extension StateName {
    init(_ revision: Revision) {
        self.init(rawValue: revision.versionName ?? "no state of this history")
    }

    var revision: Revision { .version(rawValue) }
}
