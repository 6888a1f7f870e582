import MirrorStore

// What the daemon does, besides taking webhooks in.
extension Simulation {
    // MARK: Reads

    /// Sends the read that is due, or comes back when it is.
    mutating func look(at now: Double) async throws {
        guard daemon.isUp, !daemon.isReading, let due = try await mirror.nextRead else { return }
        if now >= due - 1e-9 {
            daemon.isReading = true
            report.reads += 1
            try await send(.refresh, at: now)
        } else {
            timeline.plan(.look(life: daemon.life), at: due)
        }
    }

    mutating func look(life: Int, at now: Double) async throws {
        if life == daemon.life {
            try await look(at: now)
        }
    }

    mutating func verify(at now: Double) async throws {
        if daemon.isUp, stripe.present.state != nil {
            try await send(.verification, at: now)
        }
    }

    private mutating func send(_ purpose: ObjectRead.Purpose, at now: Double) async throws {
        let reading = history.reads[daemon.sent % history.reads.count]
        daemon.sent += 1
        trace?.add(now, "\(purpose) sent")
        let exchange = Exchange(reading: reading, token: try await mirror.token(at: now), purpose: purpose, life: daemon.life)
        timeline.plan(.answer(exchange), at: now + reading.toState)
    }

    mutating func answer(_ exchange: Exchange, at now: Double) {
        let reading = exchange.reading
        // A replica of its own each time.
        let staleness = history.staleness * (Double(daemon.sent * 7 % 10) / 9)
        let standing = stripe.standing(at: now, staleness: staleness)
        let date = Int64((now + reading.toDate + reading.skew).rounded(.down))
        timeline.plan(.reply(exchange, standing, date: date), at: now + reading.toDate + reading.toReply)
    }

    mutating func take(
        _ standing: SimulatedStripe.Standing,
        dated date: Int64,
        of exchange: Exchange,
        at now: Double
    ) async throws {
        guard exchange.life == daemon.life else { return }
        let isRefresh = exchange.purpose == .refresh
        guard !exchange.reading.fails else {
            if isRefresh {
                report.reads -= 1
                trace?.add(now, "refresh failed")
                timeline.plan(.readAgain(life: daemon.life), at: now + daemon.backoff)
                daemon.backoff = min(daemon.backoff * 2, SimulatedDaemon.longestBackoff)
            }
            return
        }
        if isRefresh {
            daemon.isReading = false
        }
        daemon.backoff = SimulatedDaemon.shortestBackoff
        if let state = standing.state {
            let reply = SimulatedReply(
                state: history.rendersOtherwise ? state.renderedOtherwise : state,
                isDeleted: standing.isDeleted,
                date: date,
                token: exchange.token,
                purpose: exchange.purpose
            )
            try await finish(reply, at: now)
        } else {
            trace?.add(now, "\(exchange.purpose) found nothing")
            try await mirror.finishWithoutObject(at: now)
        }
        try await checkRow(at: now)
        try await look(at: now)
    }

    private mutating func finish(_ reply: SimulatedReply, at now: Double) async throws {
        let outcome = try await mirror.finish(reply, at: now)
        if outcome == .dropped {
            report.dropped += 1
        }
        let shown = reply.isDeleted ? StateName.deleted : reply.state
        try await trace?.add(now, "\(reply.purpose) found \(shown.rawValue), Date \(reply.date) → \(outcome); \(rowText)")
    }

    mutating func readAgain(life: Int, at now: Double) async throws {
        guard life == daemon.life else { return }
        daemon.isReading = false
        try await look(at: now)
    }

    /// A webhook of another object moves the newest known event, and nothing else.
    mutating func hearOfAnother(at now: Double) {
        if daemon.isUp {
            daemon.newestEvent = max(daemon.newestEvent, now.rounded(.down))
        }
    }

    // MARK: Restarts

    mutating func kill(until back: Double, at now: Double) async throws {
        guard daemon.isUp else { return }
        try await mirror.kill()
        daemon.begin(isUp: false)
        trace?.add(now, "kill -9")
        timeline.plan(.start, at: back)
    }

    mutating func start(at now: Double) async throws {
        daemon.begin(isUp: true)
        try await mirror.resume(at: now)
        trace?.add(now, "start")
        sweep(life: daemon.life, at: now)
        try await look(at: now)
    }

    // MARK: Sweeps

    mutating func sweep(life: Int, at now: Double) {
        guard life == daemon.life, daemon.isUp else { return }
        let mark = habits.sweepsFromNewestEvent ? daemon.newestEvent : daemon.lastSweep
        let sweep = Sweep(life: life, began: now, bound: mark - SimulatedDaemon.overlap)
        timeline.plan(.sweepPage(sweep), at: now + history.sweeps[0])
    }

    mutating func takePage(of sweep: Sweep, at now: Double) {
        guard sweep.life == daemon.life else { return }
        var sweep = sweep
        let page = stripe.page(at: now, bound: sweep.bound, after: sweep.found.last)
        let pause = history.sweeps[sweep.pages % history.sweeps.count]
        sweep.found += page.events
        sweep.pages += 1
        timeline.plan(page.hasMore ? .sweepPage(sweep) : .sweepEnd(sweep), at: now + pause)
    }

    mutating func finish(_ sweep: Sweep, at now: Double) async throws {
        guard sweep.life == daemon.life else { return }
        for event in sweep.found.reversed() {
            try await take(event, from: "sweep", at: now)
        }
        daemon.lastSweep = max(daemon.lastSweep, sweep.began.rounded(.down))
        timeline.plan(.sweep(life: sweep.life), at: now + SimulatedDaemon.sweepPeriod)
    }

    // MARK: Backfill

    mutating func requestPage(at now: Double) async throws {
        timeline.plan(.backfillAnswer(try await mirror.token(at: now)), at: now + history.reads[0].toState)
    }

    /// Lists leave deleted customers out.
    mutating func answerPage(_ token: ObjectRead.Token, at now: Double) {
        guard let state = stripe.present.state, !stripe.present.isDeleted else { return }
        let reading = history.reads[0]
        let date = Int64((now + reading.toDate + reading.skew).rounded(.down))
        let reply = SimulatedReply(state: state, isDeleted: false, date: date, token: token, purpose: .backfill)
        timeline.plan(.backfillPage(reply), at: now + reading.toDate + reading.toReply)
    }

    mutating func takeEntry(_ reply: SimulatedReply, at now: Double) async throws {
        try await finish(reply, at: now)
        try await checkRow(at: now)
        try await look(at: now)
    }

    mutating func finishBackfill(at now: Double) async throws {
        if let backfill = history.backfill {
            daemon.lastSweep = habits.marksBackfillAtItsEnd ? now : backfill.begin
        }
        try await start(at: now)
    }
}
