public import Stripe

/// A session of Stripe's customer portal.
///
/// Source: https://docs.stripe.com/api/customer_portal/sessions/object.
public struct PortalSession: Sendable {
    /// Stripe's id, `bps_…`.
    public let id: String
    /// Where to send the customer; secret, because whoever holds it acts for the customer.
    public let url: Secret
    /// The customer's id.
    public let customer: String?
    /// Where the portal's link back leads.
    public let returnURL: String?
    /// Whether the session is real, or a test.
    public let livemode: Bool
    /// The `Request-Id` of the call that made it.
    public let requestID: String?

    /// Whether a browser may be sent there: https always, plain http where Stripe itself is a stand-in on this machine.
    static func isUsable(url: String, from apiBase: EndpointURL) -> Bool {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let parsed = CurlURL(url) else { return false }
        return parsed.scheme == "https" || (parsed.scheme == "http" && apiBase.isLoopback)
    }
}

extension PortalSession: CustomStringConvertible {
    /// The ids; never the URL.
    public var description: String {
        "\(id) customer=\(customer ?? "none") livemode=\(livemode) request_id=\(requestID ?? "none")"
    }
}
