import MirrorStore

/// Lets one history happen, in virtual time: Stripe, the network, the API, the daemon and its restarts.
///
/// Two claims are checked after every step: a confirmed row shows a state that the object has had, and, once all of its
/// events have come in, the one it has. A third one at the end: the row shows that state, confirmed, and nothing waits.
struct Simulation<Mirror: SimulatedMirror> {
    /// What can happen.
    enum Step {
        case change(History.Change)
        case check(History.Check)
        case webhook(Int)
        case otherWebhook
        case verification
        case look(life: Int)
        case answer(Exchange)
        case reply(Exchange, SimulatedStripe.Standing, date: Int64)
        case readAgain(life: Int)
        case kill(back: Double)
        case start
        case sweep(life: Int)
        case sweepPage(Sweep)
        case sweepEnd(Sweep)
        case backfillBegin
        case backfillRequest
        case backfillAnswer(ObjectRead.Token)
        case backfillPage(SimulatedReply)
        case backfillEnd
    }

    /// A read on its way.
    struct Exchange {
        var reading: History.Reading
        var token: ObjectRead.Token
        var purpose: ObjectRead.Purpose
        /// The process that sent it.
        var life: Int
    }

    /// A sweep on its way.
    struct Sweep {
        var life: Int
        var began: Double
        /// The oldest `created` that it asks for.
        var bound: Double
        var found: [Int] = []
        var pages = 0
    }

    let history: History
    let habits: DaemonHabits
    var mirror: Mirror
    var stripe: SimulatedStripe
    var timeline = Timeline<Step>()
    var report = SimulationReport()
    var daemon = SimulatedDaemon()
    private var undelivered: Set<Int> = []
    let trace: SimulationTrace?

    init(_ history: History, over mirror: Mirror, habits: DaemonHabits = DaemonHabits(), trace: SimulationTrace? = nil) {
        self.history = history
        self.habits = habits
        self.mirror = mirror
        self.trace = trace
        stripe = SimulatedStripe(history)
    }

    /// Lets everything happen, and two sweeps more.
    mutating func run() async throws -> SimulationReport {
        if history.isKnown, let start = history.start {
            try await mirror.begin(with: start)
        }
        let end = planHistory() + 2 * SimulatedDaemon.sweepPeriod + 120
        while let (time, step) = timeline.next(until: end) {
            try await perform(step, at: time)
        }
        try await checkRest(at: end)
        report.events = stripe.events.count
        report.row = try await mirror.row
        return report
    }

    /// - Returns: When the last of what is planned is over.
    private mutating func planHistory() -> Double {
        var last = 0.0
        for change in history.changes {
            timeline.plan(.change(change), at: change.time)
            last = max(last, change.time, change.events.flatMap(\.delays).max().map { change.time + $0 } ?? 0)
        }
        for check in history.checks {
            timeline.plan(.check(check), at: check.time)
            last = max(last, check.time, check.telling.delays.max().map { check.time + $0 } ?? 0)
        }
        for time in history.others {
            timeline.plan(.otherWebhook, at: time)
            last = max(last, time)
        }
        for time in history.verifications {
            timeline.plan(.verification, at: time)
            last = max(last, time)
        }
        for outage in history.outages {
            timeline.plan(.kill(back: outage.back), at: outage.down)
            last = max(last, outage.back + 62)
        }
        guard let backfill = history.backfill else {
            timeline.plan(.start, at: 0)
            return last
        }
        daemon.isUp = false
        if backfill.isBesideWebhooks {
            timeline.plan(.backfillBegin, at: backfill.begin)
        }
        timeline.plan(.backfillRequest, at: backfill.page)
        timeline.plan(.backfillEnd, at: backfill.end)
        return max(last, backfill.end + 62)
    }

    private mutating func perform(_ step: Step, at now: Double) async throws {
        switch step {
        case .change(let change): try await make(change)
        case .check(let check): makeCheck(check)
        case .webhook(let event): try await deliver(event, at: now)
        case .otherWebhook: hearOfAnother(at: now)
        case .verification: try await verify(at: now)
        case .look(let life): try await look(life: life, at: now)
        case .answer(let exchange): answer(exchange, at: now)
        case .reply(let exchange, let standing, let date): try await take(standing, dated: date, of: exchange, at: now)
        case .readAgain(let life): try await readAgain(life: life, at: now)
        case .kill(let back): try await kill(until: back, at: now)
        case .start: try await start(at: now)
        case .sweep(let life): sweep(life: life, at: now)
        case .sweepPage(let sweep): takePage(of: sweep, at: now)
        case .sweepEnd(let sweep): try await finish(sweep, at: now)
        case .backfillBegin: daemon.isUp = true
        case .backfillRequest: try await requestPage(at: now)
        case .backfillAnswer(let token): answerPage(token, at: now)
        case .backfillPage(let reply): try await takeEntry(reply, at: now)
        case .backfillEnd: try await finishBackfill(at: now)
        }
    }

    // MARK: Stripe and the network

    private mutating func make(_ change: History.Change) async throws {
        let old = stripe.present.shown
        guard let told = stripe.make(change) else { return }
        trace?.add(change.time, "stripe   \(name(old)) → \(name(stripe.present.shown))\(told.isEmpty ? ", without an event" : "")")
        for (event, deliveries) in told {
            deliverLater(event, deliveries)
        }
        try await checkRow(at: change.time)
    }

    private mutating func makeCheck(_ check: History.Check) {
        if let (event, deliveries) = stripe.makeCheck(check) {
            deliverLater(event, deliveries)
        }
    }

    private mutating func deliverLater(_ event: SimulatedEvent, _ deliveries: [Double]) {
        undelivered.insert(event.number)
        for time in deliveries {
            timeline.plan(.webhook(event.number), at: time)
        }
    }

    private mutating func deliver(_ number: Int, at now: Double) async throws {
        if daemon.isUp {
            try await take(number, from: "webhook", at: now)
        } else if history.retries {
            timeline.plan(.webhook(number), at: now + 61.7)
        }
    }

    /// Takes an event into the mirror.
    mutating func take(_ number: Int, from source: String, at now: Double) async throws {
        let event = stripe.events[number - 1]
        let outcome = try await mirror.receive(event, at: now)
        guard undelivered.remove(number) != nil else {
            if outcome != .duplicate {
                violate("\(event.id) has come in before, and is \(outcome) now", at: now)
            }
            return
        }
        daemon.newestEvent = max(daemon.newestEvent, Double(event.created))
        try await trace?.add(now, "\(source)  \(event.text) → \(outcome); \(rowText)")
        try await checkRow(at: now)
        try await look(at: now)
    }

    // MARK: Claims

    mutating func checkRow(at now: Double) async throws {
        let row = try await mirror.row
        guard row.isConfirmed else { return }
        guard let state = row.state?.rendered else { return violate("a confirmed row shows nothing", at: now) }
        if state != .deleted, !stripe.states.contains(state) {
            violate("a confirmed row shows \(state.rawValue), which the object never had", at: now)
        }
        if undelivered.isEmpty, !history.hasGhosts, state != stripe.present.shown {
            violate("all events have come in; a confirmed row shows \(state.rawValue), Stripe \(name(stripe.present.shown))", at: now)
        }
    }

    private mutating func checkRest(at end: Double) async throws {
        let isKnowable = stripe.present.state != nil && (!stripe.events.isEmpty || history.isKnown)
        guard isKnowable, !history.hasGhosts else { return }
        let row = try await mirror.row
        if try await mirror.nextRead != nil || daemon.isReading {
            violate("no rest: something waits", at: end)
        } else if row.state?.rendered != stripe.present.shown {
            violate("at rest the row shows \(name(row.state)), Stripe \(name(stripe.present.shown))", at: end)
        } else if !row.isConfirmed {
            violate("at rest the row is not confirmed", at: end)
        }
    }

    private mutating func violate(_ claim: String, at time: Double) {
        report.violations.append(.init(time: time, claim: claim))
        trace?.add(time, "!! \(claim)")
    }

    // MARK: Trace

    var rowText: String {
        get async throws {
            let row = try await mirror.row
            return "row \(name(row.state))\(row.isConfirmed ? ", confirmed" : "")"
        }
    }

    private func name(_ state: StateName?) -> String { state?.rawValue ?? "nothing" }
}

extension SimulatedEvent {
    /// The event in a trace.
    fileprivate var text: String {
        let step =
            switch shape {
            case .created: "created \(state.rawValue)"
            case .updated(let parent): "updated \(parent.rawValue) → \(state.rawValue)"
            case .deleted: "deleted \(state.rawValue)"
            case .check: "check \(state.rawValue)"
            }
        return "\(id) \(step), created \(created), request \(request ?? "none")"
    }
}
