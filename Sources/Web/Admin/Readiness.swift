internal import MirrorStore

/// Whether the daemon can answer for every user, and what it lacks.
struct Readiness: Sendable, Hashable, Encodable {
    /// One thing that has to be there.
    struct Check: Sendable, Hashable, Encodable {
        /// The name that scripts look for.
        var name: String
        var isReady: Bool
        /// In words.
        var detail: String

        enum CodingKeys: String, CodingKey {
            case name, detail
            case isReady = "ready"
        }
    }

    /// All of them, whether there or not.
    var checks: [Check]
    var isReady: Bool
    /// The names of those that are not there.
    var failing: [String]

    enum CodingKeys: String, CodingKey {
        case checks, failing
        case isReady = "ready"
    }

    init(checks: [Check]) {
        self.checks = checks
        failing = checks.filter { !$0.isReady }.map(\.name)
        isReady = failing.isEmpty
    }

    /// Asks the store, which is written to as well.
    ///
    /// - Parameters:
    ///   - store: The mirror.
    ///   - sweepLimit: Seconds after which a sweep is too old.
    ///   - now: Unix seconds by this machine's clock.
    init(of store: MirrorStore, sweepLimit: Double, at now: Double) async {
        do throws(MirrorError) {
            let vitals = try await MirrorVitals(of: store)
            let unfinished = try await SyncLog(store: store).unfinishedPass(.backfill)
            self.init(checks: [
                await Self.check(store),
                // Once filled, the mirror stays current while it is filled anew.
                Check(name: "backfill", isReady: vitals.isFilled, detail: Self.progress(vitals.isFilled, unfinished)),
                Self.check(vitals, limit: sweepLimit, at: now),
            ])
        } catch {
            self.init(checks: [Check(name: "store", isReady: false, detail: "cannot be read: \(error)")])
        }
    }

    private static func check(_ store: MirrorStore) async -> Check {
        do throws(MirrorError) {
            try await store.checkReadsAndWrites()
            return Check(name: "store", isReady: true, detail: "readable and writable")
        } catch {
            return Check(name: "store", isReady: false, detail: "cannot be written: \(error)")
        }
    }

    /// Asks a mirror that is another machine's, and that nothing is written to here.
    ///
    /// - Parameters:
    ///   - store: The mirror.
    ///   - lagLimit: Seconds that it may lag behind the primary.
    ///   - now: Unix seconds by this machine's clock.
    init(ofFollowed store: MirrorStore, lagLimit: Double, at now: Double) async {
        do throws(MirrorError) {
            let vitals = try await MirrorVitals(of: store)
            self.init(checks: [
                Check(name: "store", isReady: true, detail: "readable"),
                Check(name: "backfill", isReady: vitals.isFilled, detail: Self.progress(vitals.isFilled, nil)),
                Self.check(lag: vitals.replication.lag(at: now), limit: lagLimit),
            ])
        } catch {
            self.init(checks: [Check(name: "store", isReady: false, detail: "cannot be read: \(error)")])
        }
    }

    private static func check(lag: Double?, limit: Double) -> Check {
        guard let lag else {
            return Check(name: "replication", isReady: false, detail: "the primary has not given a sign of life yet")
        }
        let isRecent = lag <= limit
        let age = "the primary's last sign of life is \(Int(lag)) s old"
        let detail = age + (isRecent ? "" : ", more than \(Int(limit)) s")
        return Check(name: "replication", isReady: isRecent, detail: detail)
    }

    private static func check(_ vitals: MirrorVitals, limit: Double, at now: Double) -> Check {
        guard let sweptAt = vitals.sweptAt else {
            return Check(name: "sweep", isReady: false, detail: "none has finished yet")
        }
        guard vitals.replication.isCovered(bySweepAt: sweptAt) else {
            return Check(name: "sweep", isReady: false, detail: "none has finished since this mirror was promoted")
        }
        let age = max(0, now - sweptAt)
        let isRecent = age <= limit
        let detail = "the last finished \(Int(age)) s ago" + (isRecent ? "" : ", more than \(Int(limit)) s")
        return Check(name: "sweep", isReady: isRecent, detail: detail)
    }

    private static func progress(_ isFilled: Bool, _ unfinished: Pass?) -> String {
        switch (isFilled, unfinished) {
        case (true, nil): "finished"
        case (true, let pass?): "finished, and begun anew: \(progress(of: pass))"
        case (false, nil): "has not begun"
        case (false, let pass?): progress(of: pass)
        }
    }

    private static func progress(of pass: Pass) -> String {
        "\(pass.customers) customers and \(pass.subscriptions) subscriptions so far"
    }

    /// A line that says it all, and one for each check.
    var text: String {
        let lines = checks.map { "\($0.name): \($0.isReady ? "ready" : "not ready"), \($0.detail)\n" }
        return (isReady ? "ready\n" : "not ready: \(failing.joined(separator: ", "))\n") + lines.joined()
    }
}
