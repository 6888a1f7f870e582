import Testing

@testable import StripeClient

@Suite struct BudgetTests {
    /// Calls of all lanes at random over virtual time; what was granted, and when.
    private struct Run {
        struct Call {
            let ticket: Budget.Ticket
            let arrival: Duration
            /// How many portal calls waited when it came.
            let portalsAhead: Int
        }

        var budget: Budget
        var now: Duration = .zero
        var generator: SeededGenerator
        /// In the order in which they must be granted.
        var waiting: [Call] = []
        var grants: [(call: Call, at: Duration)] = []
        var cancelled: Set<Budget.Ticket> = []
        /// What must never happen, as it happened; an expectation for each step would take most of the time.
        var faults: [String] = []

        init(rate: Double, seed: UInt64) {
            budget = Budget(rate: rate, at: .zero)
            generator = SeededGenerator(seed: seed)
        }

        mutating func enter(_ lane: Lane) {
            let call = Call(
                ticket: budget.enter(lane),
                arrival: now,
                portalsAhead: budget.waiting(in: .portal) - (lane == .portal ? 1 : 0)
            )
            let place = waiting.firstIndex { $0.ticket.lane > lane } ?? waiting.endIndex
            waiting.insert(call, at: place)
            grant()
        }

        mutating func cancelAny() {
            guard let call = waiting.randomElement(using: &generator) else { return }
            let (first, second) = (budget.leave(call.ticket), budget.leave(call.ticket))
            if !first || second { faults.append("\(call.ticket) left \(first), then \(second)") }
            waiting.removeAll { $0.ticket == call.ticket }
            cancelled.insert(call.ticket)
            grant()
        }

        /// Goes on to an instant, stopping wherever somebody's turn comes.
        mutating func pass(to end: Duration) {
            while let wait = budget.untilNext, now + wait < end {
                now += wait
                let count = grants.count
                grant()
                if grants.count == count { faults.append("no turn at \(now), as was said") }
            }
            now = end
            grant()
        }

        mutating func grant() {
            for ticket in budget.grant(at: now) {
                guard let first = waiting.first, first.ticket == ticket else {
                    faults.append("\(ticket) out of order at \(now)")
                    continue
                }
                grants.append((first, now))
                waiting.removeFirst()
            }
        }

        mutating func pause(mean: Double) -> Duration {
            .seconds(Double.random(in: 0...2, using: &generator) * mean)
        }
    }

    private static let rate = 20.0
    private static let token: Duration = .milliseconds(50)

    /// Ninety per cent more calls than the rate allows, of which one in twenty is the portal's, and one in ten is cancelled.
    private static func saturated(seed: UInt64) -> Run {
        var run = Run(rate: rate, seed: seed)
        while run.now < .seconds(30) {
            let lanes: [Lane] = [.refresh, .sweep, .backfill, .verify]
            let isPortal = Int.random(in: 0..<20, using: &run.generator) == 0
            run.enter(isPortal ? .portal : lanes.randomElement(using: &run.generator)!)
            if Int.random(in: 0..<10, using: &run.generator) == 0 { run.cancelAny() }
            run.pass(to: run.now + run.pause(mean: 1 / (1.9 * rate)))
        }
        return run
    }

    /// Whatever the other lanes want; and the rate is kept, and used.
    @Test(arguments: UInt64(1)...50)
    func underSaturationAPortalCallWaitsForAtMostOneToken(seed: UInt64) {
        let run = Self.saturated(seed: seed)
        #expect(run.faults == [])
        let portals = run.grants.filter { $0.call.ticket.lane == .portal }
        #expect(portals.count > 20)
        var last: Duration = .seconds(-1000)
        var late: [String] = []
        for (call, at) in portals {
            // Portal calls ahead take a token each; the other lanes never cost it more than one.
            var longest = Self.token * (call.portalsAhead + 1) + .microseconds(2)
            // The reserve is back after two tokens' time; a call then waits for nothing.
            if call.arrival - last >= Self.token * 2 { longest = .zero }
            if at - call.arrival > longest { late.append("\(call) at \(at)") }
            last = at
        }
        #expect(late == [])

        #expect(Self.largestExcess(run.grants.map(\.at)) <= Budget(rate: Self.rate, at: .zero).burst + 1e-3)
        // Nor fewer, as there is always somebody waiting, however many are cancelled.
        #expect(Double(run.grants.count) >= Self.rate * 30 - 1)
        #expect(run.cancelled.count > 30)
        #expect(run.grants.allSatisfy { !run.cancelled.contains($0.call.ticket) })
    }

    /// The most grants in any window beyond what the rate allows for its length.
    private static func largestExcess(_ grants: [Duration]) -> Double {
        var (lowest, largest) = (Double.infinity, 0.0)
        for (index, at) in grants.enumerated() {
            let level = Double(index) - rate * (at / .seconds(1))
            lowest = min(lowest, level)
            largest = max(largest, level - lowest + 1)
        }
        return largest
    }

    @Test func cancelledCallsTakeNoToken() {
        var budget = Budget(rate: 1, at: .zero)
        #expect(budget.burst == 3)
        let first = budget.enter(.verify)
        let granted = budget.grant(at: .zero)
        let waiting = (0..<10).map { _ in budget.enter(.verify) }
        #expect(granted == [first])
        let left = waiting.dropLast().map { budget.leave($0) }
        #expect(left == [Bool](repeating: true, count: 9))
        #expect(budget.waiting(in: .verify) == 1)
        let grants = [Duration.zero, .milliseconds(999), .seconds(1)].map { budget.grant(at: $0) }
        #expect(grants == [[], [], [waiting[9]]])
        #expect(budget.untilNext == nil)
    }

    @Test func theLanesAreServedInTheirOrder() {
        var budget = Budget(rate: 4, at: .zero)
        for _ in 0..<3 { _ = budget.enter(.portal) }
        let burst = budget.grant(at: .zero)
        #expect(burst.count == 3)
        let entered = Lane.allCases.reversed().flatMap { lane in (0..<2).map { _ in budget.enter(lane) } }
        var served: [Budget.Ticket] = []
        var now: Duration = .zero
        while let wait = budget.untilNext {
            now += wait
            served += budget.grant(at: now)
        }
        #expect(served.map(\.lane) == Lane.allCases.flatMap { [$0, $0] })
        #expect(Set(served) == Set(entered))
        for lane in Lane.allCases {
            #expect(served.filter { $0.lane == lane } == entered.filter { $0.lane == lane })
        }
    }

    @Test func aRateLimitHalvesTheRateOnceForAllThatWereInFlight() {
        var budget = Budget(rate: 20, at: .zero)
        for milliseconds in stride(from: 0, to: 1000, by: 100) { budget.backOff(at: .milliseconds(milliseconds)) }
        #expect(abs(budget.presentRate - 10) < 0.5)
        for seconds in 1...30 { budget.backOff(at: .seconds(seconds)) }
        #expect(budget.presentRate >= 1)
        #expect(budget.presentRate < 1.5)
    }

    @Test func theRateRisesSteadilyToExactlyWhatWasSet() {
        var budget = Budget(rate: 20, at: .zero)
        budget.backOff(at: .zero)
        #expect(budget.presentRate == 10)
        _ = budget.grant(at: .seconds(15))
        #expect(abs(budget.presentRate - 15) < 1e-9)
        var last = budget.presentRate
        for seconds in 16...29 {
            _ = budget.grant(at: .seconds(seconds))
            #expect(budget.presentRate > last)
            last = budget.presentRate
        }
        _ = budget.grant(at: .seconds(31))
        #expect(budget.presentRate == 20)
        _ = budget.grant(at: .seconds(100_000))
        #expect(budget.presentRate == 20)
        #expect(budget.tokens == budget.burst)
    }

    /// A server that takes twelve requests a second and refuses the others, under saturation for ten minutes.
    @Test(arguments: UInt64(1)...20)
    func settlesBelowALimitThatIsLowerThanTheRate(seed: UInt64) {
        var run = Run(rate: 20, seed: seed)
        var server = Budget(rate: 12, at: .zero)
        var refused = 0
        var seen = 0
        while run.now < .seconds(600) {
            while run.waiting.count < 20 { run.enter(.verify) }
            run.pass(to: run.now + run.pause(mean: 0.02))
            for (_, at) in run.grants[seen...] {
                let ticket = server.enter(.portal)
                if server.grant(at: at).isEmpty {
                    _ = server.leave(ticket)
                    refused += 1
                    run.budget.backOff(at: run.now)
                }
            }
            seen = run.grants.count
        }
        #expect(run.faults == [])
        let accepted = Double(run.grants.count - refused)
        #expect(Double(refused) / Double(run.grants.count) < 0.02, "\(refused) of \(run.grants.count) refused")
        #expect(accepted / 600 > 12 * 0.7, "\(accepted / 600) a second")
    }

    @Test(arguments: UInt64(1)...20)
    func aClockThatJumpsBreaksNothing(seed: UInt64) {
        var run = Run(rate: 20, seed: seed)
        var forward = Duration.zero
        for _ in 0..<2000 {
            run.enter(Lane.allCases.randomElement(using: &run.generator)!)
            switch Int.random(in: 0..<10, using: &run.generator) {
            case 0: run.now -= .seconds(3600)
            case 1: break
            case 2: run.budget.backOff(at: run.now)
            default:
                let step = run.pause(mean: 0.05)
                forward += step
                run.now += step
            }
            run.grant()
        }
        #expect(Double(run.grants.count) <= 20 * (forward / .seconds(1)) + 5 + 1e-3)
        // What still waits gets its turn.
        let rest = run.waiting.count
        #expect(rest > 0)
        run.pass(to: run.now + .seconds(rest))
        #expect(run.waiting.isEmpty)
        #expect(run.faults == [])
    }

    @Test func aClockThatStandsStillGrantsTheBurstOnly() {
        var run = Run(rate: 20, seed: 1)
        for _ in 0..<100 { run.enter(.verify) }
        #expect(run.grants.count == 3)
        for _ in 0..<100 { run.enter(.portal) }
        #expect(run.grants.count == 5)
        #expect(run.budget.untilNext! > .zero)
    }

    @Test(arguments: [0.01, 0.5, 1, 3, 100, 10_000])
    func servesEveryLaneAtAnyRate(rate: Double) {
        var run = Run(rate: rate, seed: 1)
        for lane in Lane.allCases { for _ in 0..<10 { run.enter(lane) } }
        run.pass(to: .seconds(60 / rate))
        #expect(run.waiting.isEmpty)
        #expect(run.faults == [])
        run.budget.backOff(at: run.now)
        #expect(run.budget.presentRate >= min(1, rate))
    }
}
