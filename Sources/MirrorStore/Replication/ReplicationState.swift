/// Which primary wrote the mirror, and when it last did.
public struct ReplicationState: Sendable, Hashable {
    /// Counts the promotions, from 1: of two primaries, the one of the greater epoch may write.
    public var epoch: Int
    /// What the primary has claimed its epoch with in the replica; nil where it never did.
    public var claim: String?
    /// When the epoch began, Unix seconds by the primary's clock; nil where it began with the file.
    public var epochBeganAt: Double?
    /// When the primary last said that it is alive, Unix seconds by its clock; nil where it never did.
    public var heartbeatAt: Double?
    /// Seconds that it leaves between two such signs.
    public var heartbeatInterval: Double?

    /// Creates a state from its parts.
    public init(
        epoch: Int,
        claim: String? = nil,
        epochBeganAt: Double? = nil,
        heartbeatAt: Double? = nil,
        heartbeatInterval: Double? = nil
    ) {
        self.epoch = epoch
        self.claim = claim
        self.epochBeganAt = epochBeganAt
        self.heartbeatAt = heartbeatAt
        self.heartbeatInterval = heartbeatInterval
    }

    /// Seconds since the primary last said that it is alive; nil where it never did.
    ///
    /// Where the primary's clock is ahead of this machine's, 0.
    public func lag(at now: Double) -> Double? { heartbeatAt.map { max(0, now - $0) } }

    /// Whether a sweep that ended at a time, Unix seconds, has asked Stripe for what happened before a promotion.
    public func isCovered(bySweepAt sweptAt: Double) -> Bool { epochBeganAt.map { sweptAt >= $0 } ?? true }

    /// Whether Litestream has let a sign of life go by, which it captures within a second or two.
    ///
    /// - Parameters:
    ///   - capturedAt: When it last captured a change, Unix seconds.
    ///   - patience: Seconds that it may take longer.
    /// - Returns: Whether one was due and is not there.
    public func isMissed(byCaptureAt capturedAt: Double, patience: Double) -> Bool {
        guard let heartbeatAt, let heartbeatInterval else { return false }
        return heartbeatAt > capturedAt + 2 * heartbeatInterval + patience
    }
}

extension ReplicationState: Encodable {
    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case epoch
        case epochBeganAt = "epoch_began_at"
        case heartbeatAt = "heartbeat_at"
    }

    /// Writes what scripts may rely on.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(epoch, forKey: .epoch)
        try container.encode(epochBeganAt, forKey: .epochBeganAt)
        try container.encode(heartbeatAt, forKey: .heartbeatAt)
    }
}
