public import Stripe

/// The webhook endpoint at Stripe, as it was last seen.
public struct EndpointState: Sendable, Hashable {
    /// The address that it was looked for by.
    public var url: String
    /// Stripe's id, `we_…`; nil where there is none.
    public var endpoint: String?
    /// What is wrong with it, the worst first.
    public var faults: [EndpointFault]
    /// Unix seconds since when that is so.
    public var since: Double
    /// When Stripe was asked, Unix seconds.
    public var checkedAt: Double

    /// Says how an endpoint was seen.
    public init(url: String, endpoint: String?, faults: [EndpointFault], since: Double, checkedAt: Double) {
        self.url = url
        self.endpoint = endpoint
        self.faults = faults
        self.since = since
        self.checkedAt = checkedAt
    }

    /// Whether events do not arrive, so that only sweeps bring them.
    public var losesEvents: Bool { faults.contains { $0.kind.losesEvents } }
}

extension EndpointState: Encodable {
    /// The names that scripts read.
    public enum CodingKeys: String, CodingKey {
        case url, endpoint, faults, since
        case checkedAt = "checked_at"
    }
}
