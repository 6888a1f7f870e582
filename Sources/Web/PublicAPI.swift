internal import HTTPTypes
public import Hummingbird
public import Logging
public import MirrorStore
public import Portal
public import Sync

/// The public listener's routes.
public struct PublicAPI: Sendable {
    private let intake: WebhookIntake?
    private let authenticator: Authenticator
    private let portal: BillingPortal
    private let arrivals: ArrivalWatch
    private let journal: RequestJournal?
    private let publishableKey: String?
    private let allowedOrigins: Set<String>
    private let metrics: RequestMetrics
    private let further: [Endpoint]

    /// - Parameters:
    ///   - intake: Takes in webhooks; nil where another machine does, and answers tell how far the mirror lags behind it.
    ///   - authenticator: Tells who is asking.
    ///   - portal: Opens the portal.
    ///   - arrivals: Lets a request wait for what its user has just done.
    ///   - journal: Keeps what signed-in users are answered; nil for nowhere.
    ///   - publishableKey: Stripe's publishable key for the frontend.
    ///   - allowedOrigins: Origins whose pages may call.
    ///   - metrics: Counts requests.
    ///   - further: Endpoints beside the contract's.
    public init(
        intake: WebhookIntake?,
        authenticator: Authenticator,
        portal: BillingPortal,
        arrivals: ArrivalWatch,
        journal: RequestJournal?,
        publishableKey: String?,
        allowedOrigins: Set<String>,
        metrics: RequestMetrics = RequestMetrics(),
        further: [Endpoint] = []
    ) {
        self.intake = intake
        self.authenticator = authenticator
        self.portal = portal
        self.arrivals = arrivals
        self.journal = journal
        self.publishableKey = publishableKey
        self.allowedOrigins = allowedOrigins
        self.metrics = metrics
        self.further = further
    }

    private struct Config: Encodable {
        var publishableKey: String

        enum CodingKeys: String, CodingKey {
            case publishableKey = "publishable_key"
        }
    }

    /// Builds what answers requests.
    ///
    /// - Parameter logger: Gets one line for each request.
    /// - Returns: The responder of a listener.
    public func buildResponder(logger: Logger) -> some HTTPResponder<RequestRecordContext> {
        let router = Router(context: RequestRecordContext.self)
        router.add(middleware: RequestRecordMiddleware(journal: journal, tellsLag: intake == nil))
        router.add(middleware: RequestLogMiddleware(logger: logger))
        router.add(
            middleware: CORSMiddleware(allowedOrigins: allowedOrigins, allowsCredentials: authenticator.acceptsCookies)
        )
        router.add(middleware: FailureMiddleware())
        for endpoint in endpoints + further {
            endpoint.add(to: router)
        }
        return router.buildResponder()
    }

    private var endpoints: [Endpoint] {
        let webhooks = intake.map(WebhookController.init)
        let users = PortalController(authenticator: authenticator, portal: portal, arrivals: arrivals)
        let publishableKey = publishableKey
        let metrics = metrics
        return [
            .post("/webhooks/stripe") { request, context in
                try await metrics.webhook {
                    guard let webhooks else { throw HTTPFailure.notPrimary }
                    return try await webhooks.receive(request, context: context)
                }
            },
            .post("/api/subscriptions/user/billing-portal") { request, context in
                try await metrics.portal { try await users.open(request, context: context) }
            },
            .get("/api/subscriptions/user") { try await users.subscriptions($0, context: $1) },
            .get("/api/subscriptions/config") { _, _ in
                guard let publishableKey else { throw HTTPFailure.notFound }
                return try .json(Config(publishableKey: publishableKey))
            },
            .get("/healthz") { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
                    body: .init(byteBuffer: ByteBuffer(string: "ok"))
                )
            },
            .get("/portald.js", .module),
            .get("/portald.d.ts", .moduleTypes),
            .get("/openapi.json", .openAPI),
        ]
    }
}
