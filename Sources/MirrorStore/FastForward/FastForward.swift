internal import Stripe

/// Decides what an event or a read does to one object of the mirror, without I/O and without a clock of its own.
///
/// Every update knows the version it leads to and, by rewinding its `previous_attributes`, the version it came from.
/// Where that parent is the proven version, the update is the direct successor of what is proven, and the state moves to
/// it; no timestamp is asked and no request is sent. Whatever does not fit waits, and, past a short grace, a read of the
/// object settles it. The proof: versions are vertices and events are edges, each used once. If every edge has been
/// used, their order of arrival is a trail over all edges from the same start, and all such trails end at one vertex.
/// The rules below keep an edge from being used twice, a step from being taken on something unproven, and a read from
/// being taken for newer than it is.
///
/// Stripe promises no order of events, may send two events for one change, and gives `created` in whole seconds:
/// https://docs.stripe.com/webhooks#even-ordering
public struct FastForward: Sendable {
    /// What the store has to write beside the state.
    public enum Effect: Hashable, Sendable {
        /// The object is known to have taken this step.
        case remember(Edge)
        /// The event waits no longer.
        case settle(event: String, outcome: Outcome)
    }

    /// How long a missing predecessor is waited for, in seconds from the object's last event.
    public static let grace: Double = 2
    /// How stale a read may be, in seconds: an event that came in this long before its request may be missing from it.
    ///
    /// A little less than the grace, so that a read sent right after the grace can count.
    public static let readLag: Double = 1.9
    /// Seconds between Stripe's clocks: the `Date` of a reply and `created` of an event compare no finer.
    public static let margin: Int64 = 5

    /// The object's state, moved by each call.
    public internal(set) var state: ObjectState
    /// What has to be written beside the state, in order.
    public internal(set) var effects: [Effect] = []

    /// What is known of the object's past: all of it, or at least every edge that ends or begins at a version in question.
    var edges: [Edge]
    /// The number of this step in the mirror's own count.
    let sequence: Int64
    /// Edges that are older than this may have been forgotten.
    let forgottenBefore: Int64

    /// - Parameters:
    ///   - state: The object's state as it was left.
    ///   - edges: The steps the object is known to have taken. At least those between the versions of the event that is
    ///     about to be received, and those that touch the version of a pending check.
    ///   - sequence: The number of this step in the mirror's own count of steps; greater than that of any step before.
    ///   - forgottenBefore: Unix seconds. An event created before can be a second copy of one that nobody remembers, so
    ///     only a read settles it.
    public init(state: ObjectState, edges: [Edge], sequence: Int64, forgottenBefore: Int64 = .min) {
        self.state = state
        self.edges = edges
        self.sequence = sequence
        self.forgottenBefore = forgottenBefore
    }

    /// Leaves a mark that only a read settles, once.
    ///
    /// Unlike a thin event it counts as living: a subscription's end, which shows the whole object, settles it.
    mutating func mark(created: Int64) {
        guard !state.pending.contains(where: { $0.change.event == nil }) else { return }
        let mark = Change(event: nil, kind: .thin, revision: nil, created: created)
        state.pending.append(.init(change: mark, isBarred: false))
    }

    mutating func move(to change: Change) {
        guard let version = version(of: change) else { return }
        state.proven = version
        state.isEnded = change.isEnded
        show(version, created: change.created)
    }

    mutating func bury(as version: ObjectState.Version) {
        state.isDeleted = true
        state.isEnded = true
        state.proven = version
        state.shown = version
        settleAll(as: .superseded)
    }

    mutating func show(_ version: ObjectState.Version, created: Int64) {
        state.shown = version
        state.shownCreated = created
    }

    mutating func showProven() {
        state.pendingSince = nil
        state.shown = state.proven
    }

    mutating func settleAll(as outcome: Outcome) {
        let waiting = state.pending
        state.pending = []
        state.pendingSince = nil
        for entry in waiting {
            settle(entry, as: outcome)
        }
    }

    mutating func settle(_ entry: ObjectState.Pending, as outcome: Outcome) {
        if let event = entry.change.event {
            effects.append(.settle(event: event, outcome: outcome))
        }
    }

    func version(of change: Change) -> ObjectState.Version? {
        guard let event = change.event, let revision = change.revision else { return nil }
        return .init(revision: revision, source: .event(event))
    }

    mutating func remember(_ change: Change) {
        guard let version = version(of: change) else { return }
        var parent: Revision?
        if case .updated(let revision, _) = change.kind {
            parent = revision
        }
        add(
            Edge(
                parent: parent,
                revision: version.revision,
                source: version.source,
                request: change.request,
                created: change.created
            )
        )
    }

    mutating func add(_ edge: Edge) {
        edges.append(edge)
        effects.append(.remember(edge))
    }
}
