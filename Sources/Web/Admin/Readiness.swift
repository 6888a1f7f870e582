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

    enum CodingKeys: String, CodingKey {
        case checks
        case isReady = "ready"
    }

    init(checks: [Check]) {
        self.checks = checks
        isReady = checks.allSatisfy(\.isReady)
    }

    /// Asks the store.
    init(of log: SyncLog) async {
        do throws(MirrorError) {
            let isFilled = try await log.hasFinishedPass(.backfill)
            let unfinished = try await log.unfinishedPass(.backfill)
            self.init(checks: [
                Check(name: "store", isReady: true, detail: "readable"),
                // Once filled, the mirror stays current while it is filled anew.
                Check(name: "backfill", isReady: isFilled, detail: Self.progress(isFilled, unfinished)),
            ])
        } catch {
            self.init(checks: [Check(name: "store", isReady: false, detail: "cannot be read: \(error)")])
        }
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
        return (isReady ? "ready\n" : "not ready\n") + lines.joined()
    }
}
