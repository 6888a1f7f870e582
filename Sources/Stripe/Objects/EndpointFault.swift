/// One thing that is wrong with the webhook endpoint at Stripe.
public struct EndpointFault: Sendable, Hashable, Codable {
    /// What it is.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Stripe has no endpoint for the address.
        case missing
        /// Stripe sends it nothing; Stripe disables an endpoint itself where deliveries fail for days.
        case disabled
        /// It is of the other one of live and test mode.
        case mode
        /// It is not sent every type that is needed; the details are those that it lacks.
        case eventTypes = "event_types"
        /// Its events are rendered in another API version; the detail is that version, and none is the account's default.
        case apiVersion = "api_version"
        /// Several enabled endpoints send the same events; the details are their ids.
        case duplicate

        /// Whether events do not arrive because of it, so that only sweeps bring them.
        public var losesEvents: Bool {
            switch self {
            case .missing, .disabled, .mode, .eventTypes: true
            case .apiVersion, .duplicate: false
            }
        }
    }

    /// What it is.
    public var kind: Kind
    /// What the kind's own words say.
    public var details: [String]

    /// Makes a fault.
    public init(_ kind: Kind, details: [String] = []) {
        self.kind = kind
        self.details = details
    }
}
