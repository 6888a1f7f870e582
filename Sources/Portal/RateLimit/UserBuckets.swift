internal import MirrorStore

/// A token bucket for each user.
///
/// Of a bucket only the instant is kept at which it will be full again: each request moves it on by one interval, and one
/// that would move it further ahead than the burst allows has to wait. It is the generic cell rate algorithm, ITU-T I.371.
/// Buckets that are full again are forgotten, and there is a most of them.
///
/// A pure value. Instants are parameters, as the time since a start that the caller chooses.
struct UserBuckets: Sendable {
    let rate: PortalRate
    /// The most buckets that are kept.
    let capacity: Int
    private var fullAt: [UserID: Duration] = [:]
    /// With so many buckets it is time to look for full ones.
    private var room: Int

    private static let leastRoom = 1024

    init(rate: PortalRate, capacity: Int = 100_000) {
        self.rate = rate
        self.capacity = capacity
        room = min(capacity, Self.leastRoom)
    }

    /// How many buckets are kept.
    var count: Int { fullAt.count }

    /// Takes a token out of a user's bucket.
    ///
    /// - Returns: How long to wait until there is one; nil where one was taken.
    mutating func take(for user: UserID, at now: Duration) -> Duration? {
        let full = max(fullAt[user] ?? now, now)
        let wait = full - now - rate.interval * (rate.burst - 1)
        guard wait <= .zero else { return wait }
        if fullAt[user] == nil, fullAt.count >= room { makeRoom(at: now) }
        fullAt[user] = full + rate.interval
        return nil
    }

    /// Forgets the buckets that are full; where that are too few, also the fuller half of the others, which lose least.
    private mutating func makeRoom(at now: Duration) {
        fullAt = fullAt.filter { $0.value > now }
        if fullAt.count > capacity / 2 {
            let median = fullAt.values.sorted()[fullAt.count / 2]
            fullAt = fullAt.filter { $0.value > median }
        }
        room = min(capacity, max(2 * fullAt.count, Self.leastRoom))
    }
}
