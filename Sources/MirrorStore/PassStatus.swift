internal import GRDB

/// How a backfill or a verification stands.
public struct PassStatus: Sendable, Hashable, Encodable {
    /// Its place in time.
    public enum State: String, Sendable, Hashable, Encodable {
        /// None has begun.
        case none
        /// One has begun and goes on, or will.
        case unfinished
        /// The last one is done.
        case finished
    }

    /// Of the latest pass.
    public var state: State
    /// What it is at, `customers`, `subscriptions` or `unlisted`, while it is unfinished.
    public var stage: String?
    /// Customers that the list has shown.
    public var customers: Int
    /// Subscriptions that the list has shown.
    public var subscriptions: Int
    /// Rows that were found to differ without an event that says why.
    public var drifted: Int
    /// Unix seconds.
    public var beganAt: Double?
    /// When the latest finished one did, which may be another than the latest, Unix seconds.
    public var finishedAt: Double?

    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case state, stage, customers, subscriptions, drifted
        case beganAt = "began_at"
        case finishedAt = "finished_at"
    }

    init(_ purpose: Pass.Purpose, _ db: Database) throws {
        let latest = "SELECT * FROM passes WHERE purpose = ? ORDER BY id DESC LIMIT 1"
        let row = try Row.fetchOne(db, sql: latest, arguments: [purpose.rawValue])
        let isFinished = row.map { $0["finished_at"] as Double? != nil }
        state =
            switch isFinished {
            case nil: .none
            case false?: .unfinished
            case true?: .finished
            }
        stage = isFinished == false ? row?["stage"] : nil
        customers = row?["customers"] ?? 0
        subscriptions = row?["subscriptions"] ?? 0
        drifted = row?["drifted"] ?? 0
        beganAt = row?["began_at"]
        finishedAt = try Double.fetchOne(
            db,
            sql: "SELECT max(finished_at) FROM passes WHERE purpose = ?",
            arguments: [purpose.rawValue]
        )
    }

    /// Writes every name, `null` where there is nothing to say.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        try container.encode(stage, forKey: .stage)
        try container.encode(customers, forKey: .customers)
        try container.encode(subscriptions, forKey: .subscriptions)
        try container.encode(drifted, forKey: .drifted)
        try container.encode(beganAt, forKey: .beganAt)
        try container.encode(finishedAt, forKey: .finishedAt)
    }
}
