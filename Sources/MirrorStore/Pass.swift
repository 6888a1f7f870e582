/// A walk through all that Stripe lists, as far as it has come: kept with each page, so that a restart goes on from there.
public struct Pass: Sendable, Hashable {
    /// What the walk is for.
    public enum Purpose: String, Sendable, Hashable {
        /// To fill the mirror.
        case backfill
        /// To compare the mirror with Stripe.
        case verification
    }

    /// What is walked through, in this order.
    public enum Stage: String, Sendable, Hashable {
        /// Stripe's list of customers.
        case customers
        /// Stripe's list of subscriptions, ended ones included.
        case subscriptions
        /// What the mirror holds and no list has shown, one by one: deleted customers, objects on test clocks.
        case unlisted
    }

    /// The pass's number.
    public let id: Int64
    /// What it is for.
    public let purpose: Purpose
    /// When it began, Unix seconds by this machine's clock.
    public let beganAt: Double
    /// When it began, Unix seconds by Stripe's clock.
    public let beganDate: Int64
    /// What is being walked through.
    public var stage: Stage
    /// Id of the last object of the stage that is done; nil at its beginning.
    public var cursor: String?
    /// Customers that the list has shown so far.
    public var customers: Int
    /// Subscriptions that the list has shown so far.
    public var subscriptions: Int
    /// Rows that were found to differ without an event that says why.
    public var drifted: Int

    init(
        id: Int64,
        purpose: Purpose,
        beganAt: Double,
        beganDate: Int64,
        stage: Stage,
        cursor: String?,
        customers: Int,
        subscriptions: Int,
        drifted: Int
    ) {
        self.id = id
        self.purpose = purpose
        self.beganAt = beganAt
        self.beganDate = beganDate
        self.stage = stage
        self.cursor = cursor
        self.customers = customers
        self.subscriptions = subscriptions
        self.drifted = drifted
    }

    /// A verification that is done in one go and not kept.
    ///
    /// - Parameter now: Unix seconds by this machine's clock.
    public init(verificationAt now: Double) {
        self.init(
            id: 0,
            purpose: .verification,
            beganAt: now,
            beganDate: Int64(now),
            stage: .customers,
            cursor: nil,
            customers: 0,
            subscriptions: 0,
            drifted: 0
        )
    }
}
