internal import Stripe

// What a read does to an object, and when one is wanted.
extension FastForward {
    /// When a read of the object should be sent, Unix seconds by this machine's clock; nil where nothing waits.
    public var nextRead: Double? { state.nextRead }

    /// Lets what waits begin its grace anew, after a time in which events could not come in.
    public mutating func resume(at now: Double) {
        guard !state.pending.isEmpty else { return }
        state.pendingSince = now
        state.lastReceived = now
    }

    /// Asks for a read, whatever is known of the object.
    ///
    /// - Parameters:
    ///   - created: Unix seconds by Stripe's clock, as near as is known, of what makes the object doubtful.
    ///   - now: Unix seconds by this machine's clock.
    public mutating func requestRead(created: Int64, at now: Double) {
        guard !state.isDeleted else { return }
        mark(created: created)
        state.pendingSince = state.pendingSince ?? now
    }

    /// Takes in the reply to a read.
    ///
    /// - Parameters:
    ///   - read: The reply, with the token taken before its request.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What became of the read.
    public mutating func finish(_ read: ObjectRead, at now: Double) -> ObjectRead.Outcome {
        guard !state.isDeleted else { return .superseded }
        guard read.isComplete, !isOvertaken(read.token) else {
            if read.purpose == .backfill {
                // Nobody else may ask for this object again: the mark makes sure that somebody does.
                mark(created: read.date)
            }
            return drop(at: now)
        }
        if state.kind == .subscription, state.isEnded, !read.isEnded {
            return drop(at: now)
        }
        let version = ObjectState.Version(revision: read.revision, source: .read(sequence))
        if read.isDeleted, state.kind == .customer {
            bury(as: version)
            return .applied
        }
        if read.purpose == .verification, state.proven?.revision == read.revision, state.pending.isEmpty {
            return .verified
        }
        state.proven = version
        state.isEnded = read.isEnded
        state.readDate = read.date
        add(Edge(parent: nil, revision: read.revision, source: version.source, request: nil, created: read.date))
        show(version, created: read.date)
        settleAll(as: .superseded)
        state.sequence = sequence
        return .applied
    }

    /// Compares a reply with what is proven, and changes nothing.
    ///
    /// - Returns: ``Comparison/overtaken`` also where something waits: then nobody knows yet what the object should be.
    public func compare(_ read: ObjectRead) -> Comparison {
        guard read.isComplete, !state.isDeleted, state.pending.isEmpty, !isOvertaken(read.token) else {
            return .overtaken
        }
        if state.kind == .subscription, state.isEnded, !read.isEnded {
            return .overtaken
        }
        return !read.isDeleted && state.proven?.revision == read.revision ? .equal : .different
    }

    /// What a comparison says.
    public enum Comparison: Hashable, Sendable {
        /// The reply may be older than what is proven, or the other way round.
        case overtaken
        /// The reply shows the proven version.
        case equal
        /// The reply shows another version, and no event says why.
        case different
    }

    /// Whether an event came in, or another read counted, since shortly before the request.
    private func isOvertaken(_ token: ObjectRead.Token) -> Bool {
        guard state.sequence <= token.sequence else { return true }
        guard let lastReceived = state.lastReceived else { return false }
        return lastReceived > token.sentAt - Self.readLag
    }

    private mutating func drop(at now: Double) -> ObjectRead.Outcome {
        state.pendingSince = state.pending.isEmpty ? nil : now
        return .dropped
    }
}
