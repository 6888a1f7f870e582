import MirrorStore

/// All that happens to one object of Stripe's, to its mirror and between them, so that it can be repeated exactly.
///
/// Times are seconds since the history's beginning, by every clock.
struct History: Codable, Sendable {
    /// A change that Stripe makes.
    struct Change: Codable, Sendable {
        var time: Double
        /// The state after it; ``StateName/deleted`` ends a customer.
        var state: StateName
        /// The API request that asked for it.
        var request: String?
        /// The Event objects of this one change: none where Stripe loses it, two where it tells it twice.
        var events: [Telling]
    }

    /// How an event is dated and delivered.
    struct Telling: Codable, Sendable {
        /// Seconds by which `created` is off.
        var skew: Double
        /// One webhook each, seconds after the change; none where they are all lost.
        var delays: [Double]
    }

    /// An event with a snapshot of the state at that time, and no word of a change.
    struct Check: Codable, Sendable {
        var time: Double
        var telling: Telling
    }

    /// How the API answers.
    struct Reading: Codable, Sendable {
        /// Seconds from the request to the moment whose state the reply shows.
        var toState: Double = 0.1
        /// Seconds from there to the moment that the reply is dated.
        var toDate: Double = 0
        /// Seconds from there to the reply's arrival.
        var toReply: Double = 0.1
        /// Seconds by which its `Date` is off.
        var skew: Double = 0
        /// Whether there comes no answer but 429, 5xx, or a broken connection.
        var fails = false
    }

    /// A `kill -9`, and the start after it.
    struct Outage: Codable, Sendable {
        var down: Double
        var back: Double
    }

    /// The mirror's first filling; the daemon starts after it.
    struct Backfill: Codable, Sendable {
        var begin: Double
        /// When the page that lists the object is asked for.
        var page: Double
        var end: Double
        /// Whether webhooks are taken in meanwhile.
        var isBesideWebhooks: Bool
    }

    var kind: MirroredKind = .subscription
    /// The object's state at the beginning; nil where it does not exist yet.
    var start: StateName?
    /// Whether the mirror has that state, confirmed.
    var isKnown = false
    var changes: [Change] = []
    var checks: [Check] = []
    /// The API's answers, taken in turn and over again.
    var reads: [Reading] = [Reading()]
    /// Times at which a verification reads the object.
    var verifications: [Double] = []
    /// Times at which a webhook of another object comes in.
    var others: [Double] = []
    var outages: [Outage] = []
    var backfill: Backfill?
    /// Seconds that each page of a sweep takes, in turn.
    var sweeps: [Double] = [0.2]
    /// How many events a page of a sweep holds.
    var pageSize = 3
    /// Whether some changes have no event, so that no mirror can know of them.
    var hasGhosts = false
    /// Whether Stripe sends again what came in while the daemon was down.
    var retries = true
    /// Whether the API renders objects otherwise than the events do.
    var rendersOtherwise = false
    /// Seconds by which reads are stale at most.
    var staleness: Double = 0
    /// Whether the end of a subscription makes an update beside its deletion.
    var endsTwice = false
    /// Seconds by which events are made after their change at most.
    var laziness: Double = 0
}

extension MirroredKind: Codable {}
