/// How many requests Stripe may be sent, and whose turn it is: a token bucket with a queue for each lane.
///
/// Each request takes a token. Tokens come at ``presentRate``, and up to ``burst`` of them are kept. The lanes are served in
/// strict order, and within a lane who came first. Lanes other than the portal's leave ``reserve`` tokens untouched, so that
/// a portal call finds one at once, or, behind other portal calls only, waits for the next.
///
/// Where Stripe says that it gets too many requests, the rate is halved; without such a word it rises steadily, in a
/// minute from nothing to the set rate: additive increase and multiplicative decrease, as TCP does it (RFC 5681 §3.1). The
/// limits themselves are on https://docs.stripe.com/rate-limits.
///
/// A pure value. Instants are parameters, as the time since a start that the caller chooses; where one lies before the
/// last, time goes on from there and nothing is lost or gained.
struct Budget: Sendable {
    /// A request's place in the queue.
    struct Ticket: Hashable, Sendable {
        let lane: Lane
        fileprivate let number: UInt64
    }

    /// The tokens that only a portal call may take.
    static let reserve = 2.0
    /// How long after a halving further rate limits say nothing new: they answer requests sent before it.
    static let halvingPeriod: Duration = .seconds(1)
    /// The time in which the rate rises from nothing to the set one.
    static let recovery: Duration = .seconds(60)
    /// A token is there when all but so much of it is: what sums of fractions lose.
    private static let epsilon = 1e-6

    /// The rate that was set, in requests a second.
    let rate: Double
    /// The rate at present: at most ``rate``, at least one, where that is not more than was set.
    private(set) var presentRate: Double
    /// The tokens that are there.
    private(set) var tokens: Double
    private var queues = [[UInt64]](repeating: [], count: Lane.allCases.count)
    private var lastNumber: UInt64 = 0
    private var now: Duration
    private var untilNextHalving: Duration = .zero

    /// A full bucket.
    ///
    /// - Parameters:
    ///   - rate: the most requests a second; finite and above zero.
    ///   - now: the present instant.
    init(rate: Double, at now: Duration) {
        precondition(rate.isFinite && rate > 0, "a rate is above zero")
        self.rate = rate
        self.now = now
        presentRate = rate
        tokens = Self.burst(rate)
    }

    /// The most tokens that are kept: those of a quarter of a second, but enough for every lane to find one.
    var burst: Double { Self.burst(presentRate) }

    private static func burst(_ rate: Double) -> Double { max(rate / 4, reserve + 1) }

    /// The number of requests that wait in a lane.
    func waiting(in lane: Lane) -> Int { queues[lane.rawValue].count }

    /// Whether a request waits still.
    func isWaiting(_ ticket: Ticket) -> Bool { queues[ticket.lane.rawValue].contains(ticket.number) }

    /// Puts a request at the end of its lane's queue.
    mutating func enter(_ lane: Lane) -> Ticket {
        lastNumber += 1
        queues[lane.rawValue].append(lastNumber)
        return Ticket(lane: lane, number: lastNumber)
    }

    /// Takes a request that waits out of its queue.
    ///
    /// - Returns: false where it does not wait any more.
    mutating func leave(_ ticket: Ticket) -> Bool {
        guard let place = queues[ticket.lane.rawValue].firstIndex(of: ticket.number) else { return false }
        queues[ticket.lane.rawValue].remove(at: place)
        return true
    }

    /// Gives out the tokens that are there.
    ///
    /// - Parameter now: the present instant.
    /// - Returns: the requests whose turn it is, in their order; they do not wait any more.
    mutating func grant(at now: Duration) -> [Ticket] {
        pass(to: now)
        var granted: [Ticket] = []
        while let next, tokens >= needed(for: next) - Self.epsilon {
            tokens -= 1
            queues[next.lane.rawValue].removeFirst()
            granted.append(next)
        }
        return granted
    }

    /// Who is served next, where anybody waits.
    var next: Ticket? {
        for lane in Lane.allCases {
            if let number = queues[lane.rawValue].first { return Ticket(lane: lane, number: number) }
        }
        return nil
    }

    /// How long from the last instant until ``next`` can be served, if nobody comes before it; above zero always.
    var untilNext: Duration? {
        guard let next else { return nil }
        // A day is as good as for ever, and fits the type.
        let seconds = min(max(0, needed(for: next) - tokens) / presentRate, 86_400)
        // Rounded up, so that it is not too early by a fraction.
        return .microseconds(Int64(seconds * 1_000_000) + 1)
    }

    /// Notes that Stripe has refused a request because there were too many.
    ///
    /// - Parameter now: the present instant.
    mutating func backOff(at now: Duration) {
        pass(to: now)
        guard untilNextHalving <= .zero else { return }
        untilNextHalving = Self.halvingPeriod
        presentRate = max(presentRate / 2, min(rate, 1))
        tokens = min(tokens, burst)
    }

    private func needed(for ticket: Ticket) -> Double { ticket.lane == .portal ? 1 : Self.reserve + 1 }

    private mutating func pass(to instant: Duration) {
        let elapsed = instant - now
        now = instant
        guard elapsed > .zero else { return }
        let seconds = elapsed / .seconds(1)
        tokens = min(tokens + seconds * presentRate, burst)
        presentRate = min(presentRate + rate * (elapsed / Self.recovery), rate)
        untilNextHalving = max(untilNextHalving - elapsed, .zero)
    }
}
