import MirrorStore

/// One object's row, as the simulated daemon writes it.
protocol SimulatedMirror {
    /// Begins with a state that is known, as a read long ago has left it.
    mutating func begin(with state: StateName) async throws

    /// Takes in an event, from a webhook or a sweep.
    mutating func receive(_ event: SimulatedEvent, at now: Double) async throws -> Outcome

    /// When a read is due; nil where nothing waits.
    var nextRead: Double? { get async throws }

    /// What has to be known before a read's request is sent.
    func token(at now: Double) async throws -> ObjectRead.Token

    /// Takes in the reply to a read.
    mutating func finish(_ reply: SimulatedReply, at now: Double) async throws -> ObjectRead.Outcome

    /// Takes in that a read found no such object.
    mutating func finishWithoutObject(at now: Double) async throws

    /// Loses all that is not written: `kill -9`.
    mutating func kill() async throws

    /// Begins again, after a kill or a backfill.
    mutating func resume(at now: Double) async throws

    /// What readers of the mirror see.
    var row: MirrorRow { get async throws }
}

/// What readers of the mirror see of an object.
struct MirrorRow: Hashable, Sendable {
    /// Nil where there is no row.
    var state: StateName?
    var isConfirmed: Bool
}
