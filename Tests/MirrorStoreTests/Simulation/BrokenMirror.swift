@testable import MirrorStore

/// The rule in memory with one of its parts undone from outside, to show that the simulation notices.
struct BrokenMirror: SimulatedMirror {
    /// What is undone.
    enum Fault: String, CaseIterable, Sendable {
        /// A snapshot that is merely shown counts as proven, so that a step is taken on it.
        case provesWhatItShows
        /// A row is called confirmed while something waits.
        case confirmsWhatWaits
        /// Two events of one change are two changes.
        case countsTwins
        /// A reply counts whatever came in since its request.
        case ignoresOvertaking
        /// A reply counts as the present, however shortly after an event it was asked for.
        case ignoresStaleness
        /// What came in before a read is tried again on top of it, where it is not older by its date.
        case retriesWhatIsCovered
        /// An event created close to a read's date may be taken on top of it.
        case neverBars
        /// An end is a change like any other.
        case revives
        /// An entry of a backfill that was dropped is not read again.
        case forgetsDroppedEntries
        /// A backfill's read that agrees with the row changes nothing.
        case backfillsLikeAVerification
    }

    let fault: Fault
    private var mirror: MirrorInMemory
    private var received: Set<Int> = []

    init(_ kind: MirroredKind, _ fault: Fault) {
        self.fault = fault
        mirror = MirrorInMemory(kind)
    }

    private var state: ObjectState {
        get { mirror.subject.state }
        set { mirror.subject.state = newValue }
    }

    mutating func begin(with state: StateName) {
        mirror.begin(with: state)
    }

    mutating func receive(_ event: SimulatedEvent, at now: Double) -> Outcome {
        var event = event
        switch fault {
        case .countsTwins: event.request = event.id
        case .revives where event.shape != .deleted && received.insert(event.number).inserted:
            state.isDeleted = false
            state.isEnded = false
        default: break
        }
        let outcome = mirror.receive(event, at: now)
        if fault == .provesWhatItShows {
            state.proven = state.shown
        }
        return outcome
    }

    var nextRead: Double? { mirror.nextRead }

    func token(at now: Double) -> ObjectRead.Token { mirror.token(at: now) }

    mutating func finish(_ reply: SimulatedReply, at now: Double) -> ObjectRead.Outcome {
        var reply = reply
        switch fault {
        case .ignoresOvertaking: reply.token = ObjectRead.Token(sequence: .max, sentAt: .infinity)
        case .ignoresStaleness: reply.token.sentAt = .infinity
        case .forgetsDroppedEntries where reply.purpose == .backfill: reply.purpose = .refresh
        default: break
        }
        let before = state
        let outcome = mirror.finish(reply, at: now)
        switch fault {
        case .retriesWhatIsCovered where outcome == .applied:
            state.readDate = nil
            for entry in before.pending where entry.change.created >= reply.date - FastForward.margin {
                var rule = FastForward(state: state, edges: [], sequence: state.sequence + 1)
                _ = rule.receive(entry.change, at: now)
                state = rule.state
            }
            state.readDate = reply.date
        case .neverBars where outcome == .applied:
            // What is created up to the margin after the date is barred.
            state.readDate = reply.date - 2 * FastForward.margin
        case .backfillsLikeAVerification where outcome == .applied && reply.purpose == .backfill && before.isConfirmed:
            if before.proven?.revision == state.proven?.revision {
                state = before
            }
        default: break
        }
        return outcome
    }

    mutating func finishWithoutObject(at now: Double) {
        mirror.finishWithoutObject(at: now)
    }

    func kill() {}

    mutating func resume(at now: Double) {
        mirror.resume(at: now)
    }

    var row: MirrorRow {
        var row = mirror.row
        if fault == .confirmsWhatWaits {
            row.isConfirmed = state.proven != nil
        }
        return row
    }
}
