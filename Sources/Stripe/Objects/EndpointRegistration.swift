/// A webhook endpoint as Stripe has it: where it sends events, and which. https://docs.stripe.com/api/webhook_endpoints/object
public struct EndpointRegistration: Sendable, Hashable {
    /// Stripe's name of the type.
    public static let objectName = "webhook_endpoint"

    /// Stripe's id, `we_…`.
    public var id: String
    /// The address.
    public var url: String
    /// Whether events are sent; Stripe disables an endpoint itself where deliveries fail for days.
    public var isEnabled: Bool
    /// The version that its events are rendered in; nil is the account's default at the time of the event.
    public var apiVersion: String?
    /// The types it is sent; `*` is all of them.
    public var enabledEvents: [String]
    /// Whether it is of live mode.
    public var livemode: Bool

    /// Reads an endpoint.
    ///
    /// - Throws: ``JSONError`` where a field is missing or has a type that Stripe does not document.
    public init(_ object: JSON) throws(JSONError) {
        id = try object.id()
        url = try object.string("url")
        isEnabled = try object.string("status") == "enabled"
        apiVersion = try object.optionalString("api_version")
        guard let types = object["enabled_events"]?.elements else { throw .missing(member: "enabled_events") }
        enabledEvents = types.compactMap(\.string)
        livemode = try object.bool("livemode")
    }

    /// Which of some types it is not sent.
    public func missing(of types: [String]) -> [String] {
        enabledEvents.contains("*") ? [] : types.filter { !enabledEvents.contains($0) }
    }
}
