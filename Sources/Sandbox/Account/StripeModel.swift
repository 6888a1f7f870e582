/// What one operation needs to know of the call that caused it.
struct CallContext: Sendable {
    /// Unix seconds.
    var now: Int
    /// How the reply is to be rendered; events always follow the account's own version.
    var rendering: Rendering
    /// The `req_…` id; nil for what Stripe does on its own, such as renewals.
    var requestID: String?
    var idempotencyKey: String?
}

/// The state of a Stripe account as a plain value: an operation goes in, the object and the events come out.
///
/// It does no I/O and has no clock. Each operation is in the file of its concept.
struct StripeModel: Sendable {
    /// How events are rendered.
    let rendering: Rendering
    /// Where portal and checkout pages are served, for example `http://127.0.0.1:12111`.
    var pageBase = ""

    var ids: IdentifierGenerator
    var customers = ObjectTable<Customer>()
    var products = ObjectTable<Product>()
    var prices = ObjectTable<Price>()
    var subscriptions = ObjectTable<Subscription>()
    /// Positions in ``subscriptions`` by customer, ascending.
    var subscriptionPositions: [String: [Int]] = [:]
    var events = ObjectTable<Event>()
    var healthEvents: [String: HealthEvent] = [:]
    /// Changes without an Event object that no health event has told of.
    var lostEvents: [LostEvent] = []
    var history = ObjectHistory()
    var portalSessions = ObjectTable<PortalSession>()
    /// Portal session ids by the secret in their URL.
    var portalSessionIDs: [String: String] = [:]
    var checkoutSessions = ObjectTable<CheckoutSession>()
    /// The portal's default configuration.
    let portalConfiguration: String
    /// Whether the operator has saved the portal's settings, without which there is no configuration.
    var hasPortalConfiguration = true
    var isPortalActive = true

    /// Events of the operations so far that nobody has taken yet; taking them decides which of them come to be.
    private(set) var outbox: [Event] = []

    init(rendering: Rendering, seed: UInt64?, now: Int) {
        self.rendering = rendering
        ids = IdentifierGenerator(seed: seed)
        portalConfiguration = ids.long("bpc_")
        seedPrices(now: now)
    }

    mutating func takeEvents() -> [Event] {
        defer { outbox.removeAll() }
        return outbox
    }

    mutating func emit(_ event: Event) {
        outbox.append(event)
    }
}
