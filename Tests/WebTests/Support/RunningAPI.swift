import Foundation
import Hummingbird
import Logging
import MirrorStore
import Portal
import ServiceLifecycleTestKit
import Stripe
import StripeClient
import Sync
import TestSupport
import Testing
import Web

/// How a test wants the public listener.
struct APIConfiguration: Sendable {
    var publishableKey: String? = "pk_test_publishable"
    /// Nobody listens there.
    var stripeBase = "http://127.0.0.1:9"
    /// Whether the first backfill has finished.
    var isFilled = true
    var stripeClock: any Clock<Duration> = ContinuousClock()
    /// Counts the pauses between probes of a Stripe that does not answer.
    var probeClock: any Clock<Duration> = ContinuousClock()
    /// More than any test needs that is not about it.
    var portalRate = "10000/1s"
    var allowedOrigins: Set<String> = [RunningAPI.frontend]
    var arrivalClock: any Clock<Duration> = ContinuousClock()
    var further: [Endpoint] = []
    /// The cookie that carries a token.
    var sessionCookie: String?
    var idle: Duration?
    var request: Duration?
    var headerBytes: Int?
    var headerCount: Int?
}

/// The public listener on a port of the system's choice, with all that the daemon has behind it.
struct RunningAPI: Sendable {
    static let frontend = "https://app.example.com"
    static let webhookSecret = "whsec_of_the_tests"
    static let tokenSecret = "a secret of at least thirty-two bytes for HS256"

    let address: ListenAddress
    let store: MirrorStore
    let log: LogCapture
    /// Written by the test itself.
    let journal: RequestJournal
    /// Begins a graceful shutdown.
    let shutDown: @Sendable () -> Void

    /// Runs the listener while the body runs, and shuts it down as SIGTERM does.
    static func run<Value: Sendable>(
        _ configure: (inout APIConfiguration) -> Void = { _ in },
        _ body: @Sendable (RunningAPI) async throws -> Value
    ) async throws -> Value {
        var configuration = APIConfiguration()
        configure(&configuration)
        let folder = try TemporaryFolder()
        let (store, _) = try MirrorStore.open(path: folder.path("mirror.db"))
        if configuration.isFilled {
            let log = SyncLog(store: store)
            try await log.finish(try await log.beginPass(.backfill, at: 0, date: 0), at: 0)
        }
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        let log = LogCapture()
        let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: false)
        let calls = try portalCalls(configuration, store, transport, log)
        let journal = RequestJournal(log: AnsweredRequestLog(store: store), logger: log.logger)
        let api = try await publicAPI(configuration, store, writer, calls, journal)
        let value = try await withThrowingTaskGroup { group in
            // As in the daemon, these stop after the listener.
            group.addTask { await writer.run() }
            group.addTask { await calls.run() }
            let value = try await testGracefulShutdown { trigger in
                try await serve(api.buildResponder(logger: log.logger), configuration, log, trigger) { address in
                    try await body(
                        RunningAPI(address: address, store: store, log: log, journal: journal) {
                            trigger.triggerGracefulShutdown()
                        }
                    )
                }
            }
            group.cancelAll()
            try await group.waitForAll()
            return value
        }
        try store.close()
        try folder.remove()
        return value
    }

    private static func portalCalls(
        _ configuration: APIConfiguration,
        _ store: MirrorStore,
        _ transport: CurlTransport,
        _ log: LogCapture
    ) throws -> PortalCalls {
        PortalCalls(
            client: StripeClient(
                apiKey: Secret("sk_test_sandbox"),
                apiBase: try EndpointURL(configuration.stripeBase),
                apiVersion: "2026-03-25.dahlia",
                userAgent: "portald/test",
                transport: transport,
                limiter: RateLimiter(rate: 1000),
                clock: configuration.stripeClock
            ),
            reads: ObjectReads(
                store: store,
                metadataKey: "user_id",
                livemode: false,
                apiVersion: "2026-03-25.dahlia"
            ),
            now: { Date.now.timeIntervalSince1970 },
            clock: configuration.probeClock,
            logger: log.logger
        )
    }

    private static func publicAPI(
        _ configuration: APIConfiguration,
        _ store: MirrorStore,
        _ writer: MirrorWriter,
        _ calls: PortalCalls,
        _ journal: RequestJournal
    ) async throws -> PublicAPI {
        let verifier = try await TokenVerifier(keys: [TokenKey(secret: tokenSecret)], rules: ClaimRules())
        let cookie = configuration.sessionCookie.flatMap { SessionCookie(name: $0) }
        return PublicAPI(
            intake: WebhookIntake(
                secrets: [try #require(WebhookSecret(webhookSecret))],
                tolerance: 300,
                livemode: false,
                writer: writer
            ),
            authenticator: Authenticator(
                verifier: verifier,
                sessions: cookie.map {
                    CookieSessions(cookie: $0, allowedOrigins: [frontend], kind: .token(verifier))
                }
            ),
            portal: BillingPortal(
                reader: MirrorReader(store: store),
                calls: calls,
                limiter: PortalRateLimiter(rate: try #require(PortalRate(configuration.portalRate))),
                allowedStatuses: ["active", "trialing", "past_due"],
                returnURLs: ReturnURLs(
                    base: frontend,
                    fallback: "\(frontend)/billing",
                    origins: configuration.allowedOrigins
                ),
                configuration: nil
            ),
            arrivals: ArrivalWatch(store: store, clock: configuration.arrivalClock),
            journal: journal,
            publishableKey: configuration.publishableKey,
            allowedOrigins: configuration.allowedOrigins,
            further: configuration.further
        )
    }

    private static func serve<Responder: HTTPResponder<RequestRecordContext>, Value: Sendable>(
        _ responder: Responder,
        _ configuration: APIConfiguration,
        _ log: LogCapture,
        _ trigger: GracefulShutdownTestTrigger,
        _ body: (ListenAddress) async throws -> Value
    ) async throws -> Value {
        let (addresses, bound) = AsyncStream.makeStream(of: ListenAddress.self)
        var limits = HTTPListener<Responder>.Limits()
        limits.idle = configuration.idle ?? limits.idle
        limits.request = configuration.request ?? limits.request
        limits.headerBytes = configuration.headerBytes ?? limits.headerBytes
        limits.headerCount = configuration.headerCount ?? limits.headerCount
        let listener = HTTPListener(
            socket: .address(ListenAddress(host: "127.0.0.1", port: 0)),
            limits: limits,
            responder: responder,
            logger: log.logger,
            onListening: { bound.yield($0) }
        )
        return try await withThrowingTaskGroup { group in
            group.addTask {
                defer { bound.finish() }
                try await listener.run()
            }
            let value: Value
            do {
                let address = try #require(await addresses.first { _ in true })
                value = try await body(address)
            } catch {
                trigger.triggerGracefulShutdown()
                throw error
            }
            trigger.triggerGracefulShutdown()
            try await group.waitForAll()
            return value
        }
    }
}

extension RunningAPI {
    /// Sends a request on a connection of its own.
    func send(_ request: RawRequest) async throws -> Reply {
        try await RawConnection.open(to: address) { connection in
            try await connection.send(request.text)
            return try await connection.reply(to: request.method)
        }
    }

    func send(
        _ method: String,
        _ target: String,
        headers: [(name: String, value: String)] = [],
        body: String? = nil
    ) async throws -> Reply {
        try await send(RawRequest(method: method, target: target, headers: headers, body: body))
    }

    /// Delivers an event as Stripe does.
    func deliver(_ body: String) async throws -> Reply {
        try await send("POST", "/webhooks/stripe", headers: [Self.signature(of: body)], body: body)
    }

    /// The header that signs a body now, or so many seconds before.
    static func signature(of body: String, age: Int64 = 0) throws -> (name: String, value: String) {
        let secret = try #require(WebhookSecret(webhookSecret))
        let now = Int64(Date.now.timeIntervalSince1970)
        return ("Stripe-Signature", WebhookSignature.header(signing: Array(body.utf8), with: [secret], at: now - age))
    }

    /// The header of a user who is signed in.
    static func authorization(of user: String) async throws -> (name: String, value: String) {
        let token = try await TokenSigner(secret: tokenSecret).token(for: user, expiring: .now.addingTimeInterval(600))
        return ("Authorization", "Bearer \(token)")
    }
}
