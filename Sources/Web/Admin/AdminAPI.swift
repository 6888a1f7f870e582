internal import HTTPTypes
public import Hummingbird
public import MirrorStore

/// The routes of the listener that is for this machine only.
public struct AdminAPI: Sendable {
    private let store: MirrorStore
    private let sweepLimit: Double
    private let lagLimit: Double?
    private let now: @Sendable () -> Double
    private let metrics: MetricsPage?
    private let statusPage: StatusPageEndpoints

    /// - Parameters:
    ///   - store: The mirror.
    ///   - sweepInterval: Seconds between sweeps; after three of them, and a quarter of an hour, the status page says that something
    ///     is wrong, and after twelve, and an hour, the mirror is no longer called ready.
    ///   - lagLimit: Seconds that a mirror which is another machine's may lag; nil for this machine's own.
    ///   - now: Unix seconds by this machine's clock.
    ///   - metrics: What `/metrics` answers; nil for nothing.
    /// - Throws: Where the status page's template cannot be read.
    public init(
        store: MirrorStore,
        sweepInterval: Int64,
        lagLimit: Double? = nil,
        now: @escaping @Sendable () -> Double,
        metrics: MetricsPage? = nil
    ) throws {
        self.store = store
        sweepLimit = max(3600, 12 * Double(sweepInterval))
        self.lagLimit = lagLimit
        self.now = now
        self.metrics = metrics
        statusPage = StatusPageEndpoints(
            renderer: try StatusPageRenderer(
                store: store,
                sweepInterval: sweepInterval,
                lagLimit: lagLimit ?? StatusVerdict.usualLagLimit,
                now: now
            )
        )
    }

    /// Builds what answers requests.
    ///
    /// They are not logged: probes ask every few seconds.
    ///
    /// - Returns: The responder of a listener.
    public func buildResponder() -> some HTTPResponder<RequestRecordContext> {
        let router = Router(context: RequestRecordContext.self)
        router.add(middleware: FailureMiddleware())
        let (store, sweepLimit, lagLimit, now) = (store, sweepLimit, lagLimit, now)
        Endpoint.get("/readyz") { request, _ in
            let readiness =
                if let lagLimit {
                    await Readiness(ofFollowed: store, lagLimit: lagLimit, at: now())
                } else {
                    await Readiness(of: store, sweepLimit: sweepLimit, at: now())
                }
            return try readiness.response(to: request)
        }.add(to: router)
        if let metrics {
            Endpoint.get("/metrics") { _, _ in await metrics.response() }.add(to: router)
        }
        for endpoint in statusPage.all {
            endpoint.add(to: router)
        }
        return router.buildResponder()
    }
}

extension Readiness {
    /// 200 or 503: lines for people and shells, JSON for whoever accepts it.
    fileprivate func response(to request: Request) throws -> Response {
        let status: HTTPResponse.Status = isReady ? .ok : .serviceUnavailable
        // A browser accepts everything, but asks for HTML first.
        guard request.headers[.accept]?.contains("application/json") != true else {
            return try .json(self, status: status)
        }
        return Response(
            status: status,
            headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }
}
