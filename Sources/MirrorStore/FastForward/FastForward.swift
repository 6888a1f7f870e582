internal import Stripe

/// Decides what an event or a read does to one object of the mirror, without I/O and without a clock of its own.
///
/// Every update knows the version it leads to and, by rewinding its `previous_attributes`, the version it came from.
/// Where that parent is the proven version, the update is the direct successor of what is proven, and the state moves to
/// it; no timestamp is asked and no request is sent. Whatever does not fit waits, and, past a short grace, a read of the
/// object settles it.
///
/// Stripe promises no order of events, may send two events for one change, and gives `created` in whole seconds:
/// https://docs.stripe.com/webhooks#even-ordering
///
/// ## Why a confirmed row is right
///
/// Let each version of an object be a vertex, and each change an edge from the version before to the version after. An
/// object's life is then a trail: it begins at the first version, takes each edge once, in Stripe's order, and ends at
/// the present version. The mirror walks too, in the order of arrival, which may be another.
///
/// *All trails over the same edges from the same vertex end at the same vertex.* A trail enters each vertex as often as
/// it leaves it, except for its first, left once more, and its last, entered once more; unless these two are one. How
/// often the edges enter and leave a vertex does not depend on the order in which they are taken. So neither does the
/// last vertex.
///
/// So no order has to be known. If the mirror begins where Stripe did, takes each edge exactly once, and each from the
/// vertex on which it stands, then it stands at Stripe's present version when all edges have come in. Before that, the
/// edges taken are a trail over some of the real ones: each version on it is one that the object has had. The argument
/// also holds from any later beginning, a creation or a read, for the edges after it.
///
/// A row can be confirmed and wrong, then, in four ways only:
///
/// 1. *An edge is taken twice.* An event id counts once. Two events with the same parent, version and request are one
///    edge; where no request made them and they are of nearly the same time, nobody can tell, and the second is barred:
///    only a read settles it. So is an event so old that its copy may have been forgotten. A read has taken all edges
///    before it: what came in earlier is settled by it, what is certainly older is superseded later, and what is dated
///    within ``margin`` of it may be in it or not, and is barred. A deletion, in the same way, has taken all edges of
///    the living.
/// 2. *A step is taken from a vertex on which the mirror does not stand.* A parent is compared with the proven version,
///    never with one that is merely shown while it waits; and while anything waits, the row is not confirmed.
/// 3. *A read is older than it looks.* It counts only if, from ``readLag`` before its request to its reply, no event of
///    the object came in and no other read counted. Of an ended subscription it counts only if it shows the end.
/// 4. *An edge never comes in.* Nothing here can notice that; the sweep of Stripe's list of events brings it, and it
///    goes back to where the last finished sweep began, or the backfill before it. A read that is dropped in a backfill
///    leaves a mark, which only another read settles, because nothing else may ever speak of that object again.
///
/// A row that is not confirmed does not remain so: what waits is tried again whenever the state moves, asks for a read
/// once the grace has passed without an event, and such a read counts, unless yet another event comes in. Checks, edges
/// that cancel out, and creations of what is proven settle without a read; these rules save requests, and none of them
/// moves the state.
///
/// Each premise is broken on purpose by a profile of the simulation (`Profile` in Tests/MirrorStoreTests/Simulation),
/// and each rule is undone by a fault (`BrokenMirror` there) for which the simulation finds a wrong row.
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
