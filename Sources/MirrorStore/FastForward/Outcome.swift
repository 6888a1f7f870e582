/// What became of an event.
public enum Outcome: String, Hashable, Sendable, CaseIterable {
    /// It is in the mirror.
    case applied
    /// It, or the change it tells of, was in the mirror already.
    case duplicate
    /// It waits for a missing predecessor, or for a read of its object.
    case pending
    /// Something later is in the mirror already.
    case superseded
    /// It tells of nothing that the mirror holds.
    case ignored
    /// It cannot be applied; it is kept with its error and can be replayed.
    case failed
}
