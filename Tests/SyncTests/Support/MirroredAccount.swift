import Foundation
import GRDB
import Logging
import NIOConcurrencyHelpers
import Sandbox
import Stripe
import StripeClient
import TestSupport
import Testing

@testable import MirrorStore
@testable import Sync

/// A sandbox's account and a mirror of it, in one time that the test moves.
///
/// Nothing is delivered but what the test delivers, so that it decides what is lost and what comes when.
struct MirroredAccount: Sendable {
    static let apiVersion = "2026-03-25.dahlia"

    let sandbox: Sandbox
    let time: TestTime
    let store: MirrorStore
    let client: StripeClient
    let writer: MirrorWriter
    let capture = LogCapture(level: .info)
    private let delivered = NIOLockedValueBox(0)

    static func run<Value: Sendable>(
        _ configure: (inout SandboxConfiguration) -> Void = { _ in },
        key: String? = nil,
        _ body: @Sendable (MirroredAccount) async throws -> Value
    ) async throws -> Value {
        let time = TestTime()
        var configuration = SandboxConfiguration { Int(time.unix) }
        configuration.seed = 42
        configuration.clock = time
        configure(&configuration)
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let sandbox = try Sandbox(configuration, logger: logger)
        let folder = FileManager.default.temporaryDirectory.appending(path: "portald-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        var retryPolicy = RetryPolicy()
        retryPolicy.maxRetries = 0
        let value = try await withThrowingTaskGroup { group in
            group.addTask { try await sandbox.run() }
            let client = StripeClient(
                apiKey: Secret(key ?? configuration.secretKey),
                apiBase: try EndpointURL(try await sandbox.baseURL()),
                apiVersion: apiVersion,
                userAgent: "portald/test",
                transport: transport,
                limiter: RateLimiter(rate: 100_000),
                retryPolicy: retryPolicy
            )
            let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
            group.addTask { await writer.run() }
            let account = MirroredAccount(
                sandbox: sandbox,
                time: time,
                store: store,
                client: client,
                writer: writer
            )
            let value = try await body(account)
            group.cancelAll()
            return value
        }
        try store.close()
        try FileManager.default.removeItem(at: folder)
        return value
    }

    // MARK: The parts under test

    var now: @Sendable () -> Double { { [time] in time.unix } }
    var log: SyncLog { SyncLog(store: store) }

    var reads: ObjectReads {
        ObjectReads(store: store, metadataKey: "user_id", livemode: false, apiVersion: Self.apiVersion)
    }

    var refresher: Refresher {
        Refresher(client: client, reads: reads, now: now, clock: time, logger: capture.logger)
    }

    var sweeper: Sweeper { Sweeper(client: client, writer: writer, log: log, livemode: false, now: now) }
    var backfill: Backfill { Backfill(client: client, reads: reads, log: log, now: now) }

    /// Compares; its pauses take no time, and the hook acts during each.
    func verifier(onPause: @escaping @Sendable () async throws -> Void = {}) -> Verifier {
        let clock = SkippingClock(time: time, onPause: onPause)
        return Verifier(client: client, reads: reads, sweeper: sweeper, now: now, clock: clock)
    }

    var synchronizer: Synchronizer {
        Synchronizer(
            backfill: backfill,
            sweeper: sweeper,
            log: log,
            interval: .seconds(300),
            now: now,
            clock: time,
            logger: capture.logger
        )
    }

    // MARK: What the account does

    /// A customer of Stripe's; its event is not delivered.
    func customer(_ name: String = "Ada", user: String? = nil) throws -> String {
        var parameters: StripeParameters = ["name": .text(name), "email": .text("\(name)@example.com")]
        if let user {
            parameters["metadata"] = ["user_id": .text(user)]
        }
        return try sandbox.createCustomer(parameters).id
    }

    func subscription(of customer: String) throws -> String {
        try sandbox.createSubscription([
            "customer": .text(customer), "items": [["price": .text(SandboxPrices.team)]],
        ]).id
    }

    func rename(_ customer: String, _ name: String) throws {
        try sandbox.updateCustomer(customer, ["name": .text(name)])
    }

    // MARK: Deliveries

    /// Delivers a body as a webhook.
    @discardableResult
    func deliver(_ body: String) async throws -> Outcome {
        let delivery = Delivery(
            event: try Event(JSON(parsing: Array(body.utf8))),
            payload: Array(body.utf8),
            source: .webhook,
            receivedAt: time.unix,
            livemode: false
        )
        return try await writer.commit(delivery)
    }

    /// Delivers the events that were made since the last call, oldest first.
    @discardableResult
    func deliverNew() async throws -> [Outcome] {
        let bodies = sandbox.bodies()
        let first = delivered.withLockedValue { count in
            defer { count = bodies.count }
            return count
        }
        var outcomes: [Outcome] = []
        for body in bodies.dropFirst(first) {
            outcomes.append(try await deliver(body))
        }
        return outcomes
    }

    /// Loses the events that were made since the last call of ``deliverNew()``.
    func loseNew() {
        delivered.withLockedValue { $0 = sandbox.bodies().count }
    }

    // MARK: What is asked

    /// How often Stripe was asked for a single object.
    var gets: Int { calls("GET /v1/customers/:id") + calls("GET /v1/subscriptions/:id") }

    func calls(_ route: String) -> Int { sandbox.apiCalls[route] ?? 0 }

    /// A value of the file as text.
    func value(_ sql: String) async throws -> String? {
        try await store.pool.read { db in try DatabaseValue.fetchOne(db, sql: sql).flatMap(Self.text) }
    }

    func number(_ sql: String) async throws -> Double? {
        try await store.pool.read { db in try Double.fetchOne(db, sql: sql) }
    }

    /// A query's rows as text.
    func rows(_ sql: String) async throws -> [String] {
        try await store.pool.read { db in
            try Row.fetchAll(db, sql: sql).map { row in
                row.databaseValues.map { Self.text($0) ?? "NULL" }.joined(separator: "|")
            }
        }
    }

    func execute(_ sql: String) async throws {
        try await store.pool.write { db in try db.execute(sql: sql) }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let data): data.map { String($0, radix: 16) }.joined()
        }
    }

    /// The objects whose rows are not what Stripe has, of those that Stripe still shows.
    func differences() async throws -> [String] {
        var names: [String] = []
        for table in ["customers", "subscriptions"] {
            for id in try await rows("SELECT id FROM \(table)") {
                let object = table == "customers" ? sandbox.customer(id) : sandbox.subscription(id)
                // The mirror has all items, of which Stripe shows no more than the first.
                guard object?["items"]?.object?["has_more"]?.bool != true else { continue }
                let row = try await value("SELECT object FROM \(table) WHERE id = '\(id)'")
                let theirs = try object.map { Revision(of: try JSON(parsing: Array($0.text.utf8))) }
                let ours = try row.map { Revision(of: try JSON(parsing: Array($0.utf8))) }
                if theirs != ours {
                    names.append(id)
                }
            }
        }
        return names
    }

    /// Everything that other programs read, for a comparison before and after.
    func dump() async throws -> [String] {
        var lines: [String] = []
        for table in ["customers", "subscriptions", "subscription_items", "user_links", "pending_events", "edges"] {
            lines += try await rows("SELECT * FROM \(table) ORDER BY 1, 2, 3")
        }
        return lines + (try await rows("SELECT object_id, proven, shown, sequence, due_at FROM object_states ORDER BY 1"))
    }
}
