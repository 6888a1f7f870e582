import MirrorStore

/// Draws histories: first what any profile has, then the profile's own attack.
struct HistoryGenerator {
    let profile: Profile
    var random: SplitMix64

    mutating func history() -> History {
        var history = History(kind: random.chance(0.7) ? .subscription : .customer)
        let letters = letters()
        begin(&history, letters)
        addChanges(to: &history, letters)
        if profile.isHostile {
            addHostility(to: &history)
        }
        attack(&history)
        return history
    }

    private mutating func letters() -> [String] {
        switch profile {
        case .toggle, .edge: ["A", "B"]
        default: Array(["A", "B", "C", "D"].prefix(random.integer(2...4)))
        }
    }

    private mutating func begin(_ history: inout History, _ letters: [String]) {
        guard random.chance(0.4), let letter = random.element(letters) else { return }
        let isEnded = history.kind == .subscription && random.chance(0.1)
        history.start = StateName(rawValue: isEnded ? "x\(letter)" : letter)
        history.isKnown = !profile.isHostile || random.chance(0.7)
    }

    // MARK: Changes

    private mutating func addChanges(to history: inout History, _ letters: [String]) {
        let style = Style(
            isBurst: random.chance(0.5),
            isSkewed: profile.isHostile && random.chance(0.5),
            isCalm: random.chance(0.3)
        )
        let count = random.chance(0.7) ? random.integer(2...6) : random.integer(5...14)
        var time = random.number(1, 4)
        var state = history.start
        for index in 1...count where state != StateName.deleted {
            time += style.isBurst || index % 3 != 1 ? pause() : random.number(0.5, 12)
            let next = successor(of: state, history.kind, letters)
            let request = profile.isHostile && random.chance(0.3) ? nil : "r\(index)"
            history.changes.append(.init(time: time, state: next, request: request, events: tellings(style)))
            if profile.isHostile, next != .deleted, random.chance(0.08) {
                let telling = History.Telling(skew: 0, delays: [random.number(0.02, 6)])
                history.checks.append(.init(time: time + 0.0005, telling: telling))
            }
            state = next
        }
    }

    /// What the changes of one history have in common.
    private struct Style {
        var isBurst: Bool
        var isSkewed: Bool
        var isCalm: Bool
    }

    private mutating func pause() -> Double {
        random.number(from: [
            (0.15, 0.001, 0.001), (0.45, 0.01, 0.9), (0.2, 0.9, 3), (0.1, 3, 9), (0.06, 20, 100), (0.04, 650, 800),
        ])
    }

    private mutating func successor(of state: StateName?, _ kind: MirroredKind, _ letters: [String]) -> StateName {
        let isEnded = state?.isEnded ?? false
        if state != nil, !isEnded {
            switch kind {
            case .subscription where random.chance(0.07): return StateName(rawValue: "x\(random.element(letters) ?? "A")")
            case .customer where random.chance(0.05): return .deleted
            default: break
            }
        }
        let others = letters.map { StateName(rawValue: isEnded ? "x\($0)" : $0) }.filter { $0 != state }
        return random.element(others) ?? "A"
    }

    private mutating func tellings(_ style: Style) -> [History.Telling] {
        guard profile.isHostile else { return [.init(skew: 0, delays: [0.05])] }
        var count = random.chance(0.1) ? 2 : 1
        if profile == .ghost, random.chance(0.1) {
            count = 0
        }
        return (0..<count).map { _ in
            let skew: Double = style.isSkewed ? random.element([-1, -0.5, 0, 0.5, 1]) ?? 0 : 0
            return .init(skew: skew, delays: delays(isCalm: style.isCalm))
        }
    }

    private mutating func delays(isCalm: Bool) -> [Double] {
        guard !random.chance(isCalm ? 0.05 : 0.15) else { return [] }
        let first = random.number(from: [
            (isCalm ? 0.9 : 0.45, 0.02, 0.4), (0.15, 0.4, 2.5), (0.15, 2, 12), (0.1, 12, 500),
        ])
        guard random.chance(0.15) else { return [first] }
        return [first, first + random.number(from: [(0.5, 0, 4), (0.5, 4, 600)])]
    }

    // MARK: Hostility

    private mutating func addHostility(to history: inout History) {
        let last = history.changes.last?.time ?? 0
        history.reads = (0..<random.integer(1...4)).map { _ in
            .init(
                toState: random.number(from: [(0.7, 0.02, 0.3), (0.3, 0.3, 3)]),
                toDate: random.number(from: [(0.8, 0, 0.1), (0.2, 0.1, 1)]),
                toReply: random.number(from: [(0.8, 0.02, 0.3), (0.2, 0.3, profile == .slow ? 8 : 3)]),
                skew: random.element([-1, 0, 0, 1]) ?? 0,
                fails: random.chance(0.15)
            )
        }
        letOneReadPass(&history)
        if random.chance(0.25) {
            history.verifications = (0..<random.integer(1...3)).map { _ in random.number(1, last + 8) }
        }
        while random.chance(0.25) {
            let isWhileStarting = !history.outages.isEmpty && random.chance(0.3)
            let down = isWhileStarting ? (history.outages.last?.back ?? 0) + random.number(0.05, 1.5) : random.number(1, last + 10)
            let back = down + random.number(from: [(0.6, 0.1, 5), (0.4, 5, 1500)])
            history.outages.append(.init(down: down, back: back))
        }
        history.sweeps = [random.number(0.05, 1), random.number(0.05, 1)]
        history.pageSize = random.element([1, 2, 3, 100]) ?? 3
        history.retries = random.chance(0.5)
        history.endsTwice = random.chance(0.2)
    }

    /// An API that never answers would keep the row in doubt for ever, and rightly.
    private func letOneReadPass(_ history: inout History) {
        if history.reads.allSatisfy(\.fails) {
            history.reads[0].fails = false
        }
    }

    private mutating func attack(_ history: inout History) {
        let last = history.changes.last?.time ?? 0
        switch profile {
        case .chaos, .toggle, .slow, .ordered: break
        case .edge: crowdAroundReads(&history)
        case .stale: history.staleness = random.number(0, 1.5)
        case .lazy: history.laziness = random.number(0, 2.5)
        case .version: history.rendersOtherwise = true
        case .outage: stayDown(&history, last)
        case .backfill: beginWithPage(&history)
        case .late, .lost: delayOne(&history)
        case .swap: swapNeighbours(&history)
        case .verified: history.verifications = (0..<3).map { _ in random.number(1, last + 8) }
        case .ghost: history.hasGhosts = true
        }
    }

    private mutating func crowdAroundReads(_ history: inout History) {
        for change in history.changes.indices {
            for telling in history.changes[change].events.indices {
                history.changes[change].events[telling] = .init(
                    skew: random.element([-1, -1, 0, 1, 1]) ?? 0,
                    delays: random.chance(0.2) ? [] : [random.number(0.02, 12)]
                )
            }
        }
        let times = history.changes.map(\.time)
        history.verifications = (0..<random.integer(1...4)).map { _ in (random.element(times) ?? 0) + random.number(-4, 6) }
        history.reads = (0..<4).map { _ in
            .init(
                toState: random.number(0.02, 2),
                toDate: random.number(0, 1),
                toReply: random.number(0.02, 4),
                skew: random.element([-1, 0, 1]) ?? 0,
                fails: random.chance(0.1)
            )
        }
        letOneReadPass(&history)
        history.staleness = random.element([0, 0, random.number(0, 0.9)]) ?? 0
    }

    /// Down for long, and killed again while it sweeps.
    private mutating func stayDown(_ history: inout History, _ last: Double) {
        let down = random.number(1, last)
        history.outages = [.init(down: down, back: down + random.number(5, 2500))]
        while random.chance(0.6), let back = history.outages.last?.back {
            let down = back + random.number(0.05, 3)
            history.outages.append(.init(down: down, back: down + random.number(0.1, 3)))
        }
        history.others = history.outages.filter { _ in random.chance(0.7) }.map { $0.back + random.number(0.01, 1) }
        history.retries = false
    }

    /// Some changes are older than what the first sweep looks back to.
    private mutating func beginWithPage(_ history: inout History) {
        let cut = random.integer(0...history.changes.count)
        if random.chance(0.6) {
            for index in cut..<history.changes.count {
                history.changes[index].time += 700
            }
        }
        let last = history.changes.last?.time ?? 0
        let begin = random.number(cut < history.changes.count ? history.changes[cut].time - 5 : 0, last)
        let isBeside = random.chance(0.6)
        let page = begin + (isBeside ? random.number(0.1, max(last - begin, 0) + 5) : random.number(0.1, 100))
        history.backfill = .init(begin: begin, page: page, end: page + 15 + random.number(0.1, 2000), isBesideWebhooks: isBeside)
        history.outages = []
        history.verifications = []
        history.retries = false
    }

    private mutating func delayOne(_ history: inout History) {
        history.verifications = []
        history.outages = []
        history.checks = []
        history.reads = [.init()]
        history.isKnown = true
        for index in history.changes.indices {
            history.changes[index].events = [.init(skew: 0, delays: [0.1])]
        }
        let index = random.integer(0...history.changes.count - 1)
        history.changes[index].events = [.init(skew: 0, delays: profile == .late ? [random.number(2, 60)] : [])]
    }

    private mutating func swapNeighbours(_ history: inout History) {
        var arrivals: [Double] = []
        for change in history.changes {
            arrivals.append(max(change.time + 0.05, (arrivals.last ?? 0) + 0.01))
        }
        var index = 0
        while index + 1 < arrivals.count {
            if arrivals[index + 1] - history.changes[index].time < 1.8, random.chance(0.5) {
                (arrivals[index], arrivals[index + 1]) = (arrivals[index + 1] + 0.005, arrivals[index + 1])
                index += 1
            }
            index += 1
        }
        for (index, arrival) in arrivals.enumerated() {
            history.changes[index].events = [.init(skew: 0, delays: [arrival - history.changes[index].time])]
        }
    }
}
