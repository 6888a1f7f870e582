import Stripe

/// Where the sandbox sends its events.
public struct WebhookEndpoint: Sendable, Hashable {
    /// An `http` URL.
    public var url: String
    /// The `whsec_…` secrets; while a secret is being rolled there are two, and each signs.
    public var secrets: [String]
    /// The event types it is sent; `*` stands for any run of characters.
    public var events: [String]
    /// The API version that its events are rendered in, for example `2019-12-03`; nil is the account's.
    ///
    /// <https://docs.stripe.com/webhooks/versioning>
    public var apiVersion: String?
    /// Whether it is sent thin events (`v2.core.event`), which do not carry the object:
    /// <https://docs.stripe.com/event-destinations#thin-events>.
    public var isThin: Bool

    /// Creates an endpoint.
    public init(
        url: String,
        secrets: [String],
        events: [String] = ["*"],
        apiVersion: String? = nil,
        isThin: Bool = false
    ) {
        self.url = url
        self.secrets = secrets
        self.events = events
        self.apiVersion = apiVersion
        self.isThin = isThin
    }

    /// Whether it wants the events of a type of snapshot events.
    func takes(_ type: String) -> Bool {
        let type = isThin ? ThinEvent.type(type) : type
        return events.contains { Glob.matches($0, type) }
    }

    /// Whether it wants the events of a type that has thin events only.
    func takesThin(_ type: String) -> Bool {
        isThin && events.contains { Glob.matches($0, type) }
    }

    /// - Throws: ``SandboxError`` where nothing could be delivered to it.
    func validate() throws(SandboxError) {
        _ = try EndpointURL(url)
        guard !secrets.isEmpty, secrets.allSatisfy({ WebhookSecret($0) != nil }) else { throw .missingSecret }
        if let apiVersion, !Rendering.isAPIVersion(apiVersion) { throw .invalidAPIVersion(apiVersion) }
    }
}
