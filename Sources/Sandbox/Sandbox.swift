import Hummingbird
public import Logging
import NIOConcurrencyHelpers
import NIOCore
public import ServiceLifecycle

/// A fake Stripe on loopback: API, portal pages, signed webhooks, and faults on request.
///
/// It keeps an account's state in memory and behaves as Stripe does towards a mirror of customers and subscriptions.
/// Calls of the Swift API and of the HTTP API act on the same state, and both cause events and deliveries. Deliveries
/// are sent while ``run()`` runs.
public final class Sandbox: Service, Sendable {
    /// The configuration it was created with.
    public let configuration: SandboxConfiguration

    private let state: NIOLockedValueBox<SandboxState>
    private let observers = DeliveryObservers()
    private let deliveries: DeliveryService
    private let boundPort = FirstValue<Int>()
    private let logger: Logger

    /// Creates a sandbox that does not listen yet.
    ///
    /// - Throws: ``SandboxError`` where an endpoint of the configuration cannot be used.
    public init(_ configuration: SandboxConfiguration, logger: Logger) throws(SandboxError) {
        for endpoint in configuration.endpoints { try endpoint.validate() }
        self.configuration = configuration
        self.logger = logger
        state = NIOLockedValueBox(SandboxState(configuration))
        deliveries = DeliveryService(state, configuration, observers)
    }

    /// Listens and delivers until the task is cancelled or a graceful shutdown begins.
    ///
    /// It can run once.
    ///
    /// - Throws: The error of the listening socket, for example a port in use.
    public func run() async throws {
        defer { boundPort.finish() }
        let router = Router(context: SandboxRequestContext.self)
        APIController(sandbox: self).addRoutes(to: router)
        try PortalController(sandbox: self).addRoutes(to: router)
        try CheckoutController(sandbox: self).addRoutes(to: router)
        ControlController(sandbox: self).addRoutes(to: router)
        let application = Application(
            router: router,
            server: .http1(
                configuration: .init(additionalChannelHandlers: [DateHeaderHandler { self.now }])
            ),
            configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
            services: [deliveries],
            onServerRunning: { [self] channel in
                guard let port = channel.localAddress?.port else { return }
                withState { $0.model.pageBase = "http://\(configuration.host):\(port)" }
                boundPort.resolve(port)
            },
            logger: logger
        )
        try await application.run()
    }

    /// The port it listens on, once it does.
    ///
    /// - Throws: ``SandboxError/notRunning`` where ``run()`` ends before, or the waiting task is cancelled.
    public func port() async throws(SandboxError) -> Int {
        guard let port = await boundPort.value() else { throw .notRunning }
        return port
    }

    /// The base of its API, once it listens, for example `http://127.0.0.1:12111`.
    ///
    /// - Throws: ``SandboxError/notRunning`` where ``run()`` ends before, or the waiting task is cancelled.
    public func baseURL() async throws(SandboxError) -> String {
        "http://\(configuration.host):\(try await port())"
    }

    /// The sandbox's present time in Unix seconds.
    public var now: Int {
        state.withLockedValue { $0.clock.now() }
    }

    /// Acts on the state and sends off the deliveries that it causes, in the order of their events.
    func withState<Value, Failure>(
        _ body: (inout SandboxState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let outcome: Result<Value, Failure> = state.withLockedValue { state in
            let outcome = Result { () throws(Failure) in try body(&state) }
            deliveries.openLanes(state.deliveries.endpoints.count)
            // Handed over under the lock, so that no other operation's deliveries come first.
            deliveries.send(state.takeDeliveries())
            return outcome
        }
        return try outcome.get()
    }

    /// Sends off deliveries that no new event caused.
    func dispatch(_ body: (inout SandboxState) -> [Delivery]) {
        state.withLockedValue { deliveries.send(body(&$0)) }
    }

    func notifyObservers() {
        observers.notify(state)
    }

    /// The attempts to deliver from now on, as they end.
    ///
    /// The stream does not end by itself.
    public func deliveryAttempts() -> AsyncStream<DeliveryAttempt> {
        observers.attempts()
    }

    /// Waits until every delivery that is ready has been attempted.
    ///
    /// Deliveries that a fault holds back or delays, and retries whose time has not come, are not waited for.
    public func deliveriesSettled() async {
        await observers.settled(state)
    }

    /// Adds an endpoint; it is sent the events from now on.
    ///
    /// - Returns: Its id.
    /// - Throws: ``SandboxError`` where the endpoint cannot be used.
    @discardableResult
    public func addEndpoint(_ endpoint: WebhookEndpoint) throws(SandboxError) -> String {
        try endpoint.validate()
        return withState { DeliveryPlan.endpointID($0.deliveries.add(endpoint)) }
    }
}
