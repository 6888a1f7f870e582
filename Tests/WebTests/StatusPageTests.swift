import MirrorStore
import Stripe
import TestSupport
import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct StatusPageTests {
    private static let now: Double = 1_700_000_100

    private static func report(_ change: (inout MirrorReport) -> Void = { _ in }) async throws -> MirrorReport {
        let folder = try TemporaryFolder()
        let (store, _) = try MirrorStore.open(path: folder.path("mirror.db"))
        let log = SyncLog(store: store)
        try await log.finish(try await log.beginPass(.backfill, at: now, date: 0), at: now)
        var report = try await MirrorReport(of: store, now: now)
        try store.close()
        try folder.remove()
        change(&report)
        return report
    }

    /// What was seen to be so for five minutes.
    private static func endpoint(_ faults: EndpointFault...) -> EndpointState {
        EndpointState(
            url: "https://x.example",
            endpoint: faults.contains { $0.kind == .missing } ? nil : "we_1",
            faults: faults,
            since: now - 300,
            checkedAt: now - 10
        )
    }

    // MARK: The verdict

    @Test func allIsWell() async throws {
        let verdict = StatusVerdict(try await Self.report(), sweepInterval: 300)
        #expect(verdict.findings.isEmpty)
        #expect(verdict.level == .good)
    }

    @Test func saysWhatIsWrongAndWhatToDo() async throws {
        let cases: [(String, StatusVerdict.Level, (inout MirrorReport) -> Void)] = [
            (
                "first filling has not begun", .failure,
                {
                    $0.status.isReady = false
                    $0.status.backfill.state = .none
                }
            ),
            (
                "is being filled: 7 customers", .failure,
                {
                    $0.status.isReady = false
                    $0.status.backfill.state = .unfinished
                    $0.status.backfill.customers = 7
                }
            ),
            ("16 minutes ago", .failure, { $0.status.sweptAt = Self.now - 16 * 60 }),
            ("No webhook came for a day, though Stripe's list had 3 new events", .failure, { $0.day.intervals[9].outcomes = [.applied: 3] }),
            (
                "2 objects to be read from Stripe, the first for 6 minutes", .warning,
                {
                    $0.status.pendingObjects = 2
                    $0.status.pendingSince = Int64(Self.now) - 400
                }
            ),
            ("4 objects could not be read", .warning, { $0.status.failingReadCount = 4 }),
            ("5 events could not be applied", .warning, { $0.status.events["failed"] = 5 }),
            ("6 customers claimed", .warning, { $0.status.linkConflicts = 6 }),
            ("found 8 rows that differed", .warning, { $0.status.verification.drifted = 8 }),
            (
                "The webhook endpoint we_1 is disabled at Stripe, for 5 minutes.", .failure,
                { $0.status.endpoint = Self.endpoint(EndpointFault(.disabled)) }
            ),
            ("Stripe has no webhook endpoint https://x.example", .failure, { $0.status.endpoint = Self.endpoint(EndpointFault(.missing)) }),
            (
                "we_1 is not sent customer.created, customer.deleted", .failure,
                { $0.status.endpoint = Self.endpoint(EndpointFault(.eventTypes, details: ["customer.created", "customer.deleted"])) }
            ),
            ("of the other mode", .failure, { $0.status.endpoint = Self.endpoint(EndpointFault(.mode)) }),
            ("lead here: we_1, we_2", .warning, { $0.status.endpoint = Self.endpoint(EndpointFault(.duplicate, details: ["we_1", "we_2"])) }),
            ("is of API version the account's default", .warning, { $0.status.endpoint = Self.endpoint(EndpointFault(.apiVersion)) }),
            (
                "Webhooks came in API version 2020-08-27", .warning,
                {
                    $0.status.apiVersion = "2026-03-25.dahlia"
                    $0.status.webhookAPIVersions = ["2020-08-27"]
                    // Which is not told twice.
                    $0.status.endpoint = Self.endpoint(EndpointFault(.apiVersion, details: ["2020-08-27"]))
                }
            ),
        ]
        for (words, level, change) in cases {
            let verdict = StatusVerdict(try await Self.report(change), sweepInterval: 300)
            #expect(verdict.findings.count == 1, "\(words)")
            #expect(verdict.level == level, "\(words)")
            #expect(verdict.findings.first?.problem.contains(words) == true, "\(verdict.findings)")
        }
    }

    @Test func theWorstComesFirst() async throws {
        let verdict = StatusVerdict(
            try await Self.report {
                $0.status.linkConflicts = 1
                $0.status.sweptAt = 0
            },
            sweepInterval: 300
        )
        #expect(verdict.findings.map(\.level) == [.failure, .warning])
        #expect(verdict.headline == "Something is wrong.")
    }

    @Test func whatIsShortIsNotCalledAFault() async throws {
        let verdict = StatusVerdict(
            try await Self.report {
                $0.status.pendingObjects = 1
                $0.status.pendingSince = Int64(Self.now) - 100
                $0.status.sweptAt = Self.now - 600
                $0.status.endpoint = Self.endpoint()
            },
            sweepInterval: 300
        )
        #expect(verdict.findings.isEmpty)
    }

    @Test(arguments: [(1, 900, true), (1, 901, false), (300, 900, true), (3600, 10_800, true), (3600, 10_801, false)])
    func aSweepIsLateByItsInterval(interval: Int64, age: Double, isInTime: Bool) async throws {
        let report = try await Self.report { $0.status.sweptAt = Self.now - age }
        #expect(StatusVerdict(report, sweepInterval: interval).findings.isEmpty == isInTime)
    }

    @Test(arguments: [
        (0, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"), (7200, "2 hours"), (172_800, "2 days"),
        (-5, "0 seconds"),
    ])
    func timesInWords(seconds: Double, words: String) {
        #expect(StatusVerdict.span(seconds) == words)
    }

    // MARK: Charts

    @Test(arguments: [(0, 1), (1, 1), (2, 2), (3, 5), (6, 10), (10, 10), (11, 20), (499, 500), (501, 1000)])
    func theTopIsARoundNumber(maximum: Int64, top: Int64) {
        #expect(StatusChart.scale(above: maximum) == top)
    }

    @Test func theLargestNumbersHaveATopToo() {
        #expect(StatusChart.scale(above: .max) == .max)
    }

    @Test func barsStayInsideTheDrawing() async throws {
        let report = try await Self.report {
            for index in $0.day.intervals.indices { $0.day.intervals[index].outcomes = [.applied: index * index * 1000] }
        }
        let chart = StatusChart(report.day, "Events", unit: "events") { Int64($0.events) }
        // Nothing came in the first.
        #expect(chart.bars.count == 95)
        for bar in chart.bars {
            #expect(bar.x >= 0 && bar.x + bar.width <= StatusChart.width)
            #expect(bar.y >= 0 && bar.y + bar.height == StatusChart.height && bar.height >= StatusChart.minimumBar)
        }
        #expect(chart.summary == "Events during the last 24 hours: at most 9025000 events in 15 minutes.")
    }

    @Test func numbersThatNearlyOverflowAreDrawn() async throws {
        let report = try await Self.report { $0.hour.intervals[0].longestDelay = .max }
        let chart = StatusChart(report.hour, "Delay", unit: "s", value: \.longestDelay)
        #expect(chart.bars.map(\.height) == [StatusChart.height])
    }

    // MARK: The page

    @Test(arguments: [
        ("evt_1", "evt_1"), ("alice@example.com", "alice@example.com"), ("a b", "'a b'"), ("", "''"), ("-v", "'-v'"),
        ("it's", #"'it'\''s'"#), ("$(id)", "'$(id)'"), ("é", "'é'"),
    ])
    func commandsCanBePasted(text: String, word: String) {
        #expect(StatusPage.shellWord(text) == word)
    }

    @Test func isServedToThisMachine() async throws {
        try await RunningAPI.run { api in
            #expect(try await api.deliver(Events.customerCreated()).status == 200)
            for host in ["127.0.0.1:9464", "localhost:9464", "localhost", "[::1]:9464", "10.0.0.1"] {
                let page = try await api.admin("GET", "/", host: host)
                #expect(page.status == 200, "\(host)")
                #expect(page.header("Content-Type") == "text/html; charset=utf-8")
                #expect(page.header("Cache-Control") == "no-store")
                #expect(page.header("Content-Security-Policy")?.contains("unsafe") == false)
                #expect(page.body.contains("<h1 id=\"health\">"))
                #expect(page.body.contains("<dt>Customers</dt><dd>1</dd>"))
                #expect(!page.body.contains("{{"))
            }
            #expect(try await api.admin("HEAD", "/", host: "localhost").body.isEmpty)
        }
    }

    /// Another site's script must not read the page through a name of its own.
    @Test(arguments: ["evil.example", "localhost.evil.example:9464", "127.0.0.1.evil.example", "1.evil.example:9464"])
    func isNotServedToNamesOfOthers(host: String) async throws {
        try await RunningAPI.run { api in
            let page = try await api.admin("GET", "/", host: host)
            #expect(page.status == 421)
            #expect(try page.code() == "misdirected_request")
        }
    }

    @Test func whatOthersNamedIsEscaped() async throws {
        try await RunningAPI.run { api in
            for (session, user) in [("cs_1", "<script>alert(1)</script>"), ("cs_2", "bob")] {
                #expect(try await api.deliver(Events.checkout(session, user: user)).status == 200)
            }
            let page = try await api.admin("GET", "/", host: "localhost")
            #expect(page.body.contains("&lt;script&gt;"))
            #expect(!page.body.contains("<script>alert"))
        }
    }

    @Test(arguments: [("/status.css", "text/css; charset=utf-8"), ("/status.js", "text/javascript; charset=utf-8")])
    func itsFilesAreServed(path: String, contentType: String) async throws {
        try await RunningAPI.run { api in
            let file = try await api.admin("GET", path)
            #expect(file.status == 200)
            #expect(file.header("Content-Type") == contentType)
        }
    }

    @Test func aMirrorThatCannotBeReadIsAnError() async throws {
        try await RunningAPI.run { api in
            try api.store.close()
            #expect(try await api.admin("GET", "/", host: "localhost").status == 503)
        }
    }
}
