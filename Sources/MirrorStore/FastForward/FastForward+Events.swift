internal import Stripe

// What an event does to an object.
extension FastForward {
    /// Takes in an event that has not been seen before.
    ///
    /// - Parameters:
    ///   - change: What the event says.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What became of the event.
    public mutating func receive(_ change: Change, at now: Double) -> Outcome {
        guard !state.isDeleted else { return .superseded }
        if change.kind == .deleted {
            return receiveDeletion(change, at: now)
        }
        guard !state.isEnded || canFollowTheEnd(change) else { return .superseded }
        if let readDate = state.readDate, change.created < readDate - Self.margin {
            // The read is certainly later.
            remember(change)
            return .superseded
        }
        state.sequence = sequence
        state.lastReceived = now
        settleThinCopy(of: change)
        if case .updated(let parent, _) = change.kind {
            return receiveUpdate(change, parent: parent, at: now)
        }
        return change.kind == .created ? receiveCreation(change, at: now) : receiveCheck(change, at: now)
    }

    /// Takes in an event that tells something of the object which cannot be read: a read has to tell it.
    ///
    /// - Parameters:
    ///   - created: `created` of the event, Unix seconds.
    ///   - now: Unix seconds by this machine's clock.
    public mutating func receiveUnreadable(created: Int64, at now: Double) {
        guard !state.isDeleted else { return }
        state.sequence = sequence
        state.lastReceived = now
        mark(created: created)
        state.pendingSince = state.pendingSince ?? now
    }

    private mutating func receiveCheck(_ change: Change, at now: Double) -> Outcome {
        settles(change) ? .applied : wait(change, isBarred: false, at: now)
    }

    private mutating func receiveCreation(_ change: Change, at now: Double) -> Outcome {
        remember(change)
        guard state.proven == nil else { return .superseded }
        guard change.isComplete, change.created >= forgottenBefore else {
            return wait(change, isBarred: true, at: now)
        }
        move(to: change)
        retry()
        return .applied
    }

    private mutating func receiveUpdate(_ change: Change, parent: Revision, at now: Double) -> Outcome {
        var isBarred = !change.isComplete || change.created < forgottenBefore
        switch twin(of: change, parent: parent) {
        case .certain: return .duplicate
        case .possible: isBarred = true
        case nil: break
        }
        remember(change)
        if let readDate = state.readDate, change.created <= readDate + Self.margin {
            // The read may contain the change already: taking it on top would be taking it twice.
            isBarred = true
        }
        guard !isBarred, parent == state.proven?.revision else { return wait(change, isBarred: isBarred, at: now) }
        move(to: change)
        retry()
        return .applied
    }

    /// The end of a customer is for ever.
    ///
    /// The end of a subscription begins a last era: its living versions are past, but
    /// its metadata may still change.
    private mutating func receiveDeletion(_ change: Change, at now: Double) -> Outcome {
        guard let version = version(of: change) else { return .superseded }
        state.sequence = sequence
        state.lastReceived = now
        guard state.kind == .subscription else {
            bury(as: version)
            return .applied
        }
        guard !state.isEnded else { return .superseded }
        remember(change)
        state.isEnded = true
        state.readDate = nil
        let waiting = state.pending
        state.pending = []
        for var entry in waiting {
            if entry.change.isEnded {
                // The read that barred it is of the era before; an unknown request, or missing items, bar it still.
                entry.isBarred = entry.isBarred && (entry.change.request == nil || !entry.change.isComplete)
                state.pending.append(entry)
            } else {
                settle(entry, as: .superseded)
            }
        }
        show(version, created: change.created)
        state.proven = version
        guard change.isComplete else { return wait(change, isBarred: true, at: now) }
        retry()
        return .applied
    }

    private func canFollowTheEnd(_ change: Change) -> Bool {
        guard change.isEnded else { return false }
        if case .updated(_, let parentEnded) = change.kind {
            return parentEnded
        }
        return true
    }

    private enum Twin { case certain, possible }

    /// Stripe sometimes makes two events of one change.
    ///
    /// They have the same request; where nobody asked for the change,
    /// only the time tells a second event from a second change.
    private func twin(of change: Change, parent: Revision) -> Twin? {
        for edge in edges where edge.parent == parent && edge.revision == change.revision {
            guard edge.request == change.request else { continue }
            if change.request != nil {
                return .certain
            }
            if abs(edge.created - change.created) <= Self.margin {
                return .possible
            }
        }
        return nil
    }

    /// Settles the thin event of a change whose snapshot has come in: the snapshot says all that a read would.
    private mutating func settleThinCopy(of change: Change) {
        guard let index = state.pending.firstIndex(where: { $0.change.isThinCopy(of: change) }) else { return }
        settle(state.pending.remove(at: index), as: .applied)
        if state.pending.isEmpty {
            showProven()
        }
    }

    /// Whether a check tells nothing new: the object has had that version, and what followed it is known or waits.
    private func settles(_ change: Change) -> Bool {
        guard let revision = change.revision, change.isComplete else { return false }
        return revision == state.proven?.revision
            || edges.contains { $0.revision == revision || $0.parent == revision }
    }

    private mutating func wait(_ change: Change, isBarred: Bool, at now: Double) -> Outcome {
        state.pending.append(.init(change: change, isBarred: isBarred))
        state.pendingSince = state.pendingSince ?? now
        showProvisionally(change)
        settleWhatCancelsOut()
        return state.pending.isEmpty ? .applied : .pending
    }

    private mutating func showProvisionally(_ change: Change) {
        guard let version = version(of: change), change.created >= state.shownCreated ?? .min else { return }
        show(version, created: change.created)
    }

    /// Tries pending events again, until none fits.
    private mutating func retry() {
        while let index = state.pending.firstIndex(where: { isNext($0) }) {
            let entry = state.pending.remove(at: index)
            if case .updated = entry.change.kind {
                move(to: entry.change)
            }
            settle(entry, as: .applied)
        }
        settleWhatCancelsOut()
        if let newest = state.pending.max(by: { $0.change.created < $1.change.created }) {
            showProvisionally(newest.change)
        } else {
            showProven()
        }
    }

    private func isNext(_ entry: ObjectState.Pending) -> Bool {
        switch entry.change.kind {
        case .updated(let parent, _): !entry.isBarred && parent == state.proven?.revision
        case .check: settles(entry.change)
        case .created, .deleted, .thin: false
        }
    }

    /// Pending edges that enter each version as often as they leave it lead back to where they began, in whatever order
    /// they happened.
    private mutating func settleWhatCancelsOut() {
        guard state.proven != nil, state.pending.count >= 2 else { return }
        var balance: [Revision: Int] = [:]
        for entry in state.pending {
            guard case .updated(let parent, _) = entry.change.kind, !entry.isBarred,
                let revision = entry.change.revision
            else { return }
            balance[parent, default: 0] -= 1
            balance[revision, default: 0] += 1
        }
        guard balance.values.allSatisfy({ $0 == 0 }) else { return }
        settleAll(as: .applied)
        showProven()
    }
}
