import FoundationEssentials
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

/// What is asked for in a portal session.
public struct PortalSessionParameters: Hashable, Sendable {
    /// The customer's id.
    public var customer: String
    /// Where the portal's link back leads.
    public var returnURL: String
    /// A portal configuration, `bpc_…`; nil takes the account's default.
    public var configuration: String?
    /// An IETF language tag that Stripe supports; nil lets the portal follow the browser.
    public var locale: String?

    /// The parameters of a session.
    public init(customer: String, returnURL: String, configuration: String? = nil, locale: String? = nil) {
        self.customer = customer
        self.returnURL = returnURL
        self.configuration = configuration
        self.locale = locale
    }

    var form: FormEncoding {
        var fields = [FormEncoding.Field("customer", .string(customer))]
        if let configuration { fields.append(.init("configuration", .string(configuration))) }
        fields.append(.init("return_url", .string(returnURL)))
        if let locale { fields.append(.init("locale", .string(locale))) }
        return FormEncoding(fields)
    }
}

extension StripeClient {
    /// Creates a portal session: `POST /v1/billing_portal/sessions`.
    ///
    /// - Parameters:
    ///   - parameters: for whom, and where to go afterwards.
    ///   - budget: the time for all attempts and the pauses between them.
    /// - Returns: the session, whose URL is good for one visit soon.
    /// - Throws: ``StripeCallError``.
    public func createPortalSession(
        _ parameters: PortalSessionParameters,
        budget: Duration = .seconds(8)
    ) async throws(StripeCallError) -> PortalSession {
        let success = try await post("/v1/billing_portal/sessions", parameters.form, budget: budget)
        let body: Body
        do {
            body = try JSONDecoder().decode(Body.self, from: Data(success.reply.body))
        } catch {
            // The decoder's own words may quote the body.
            throw success.unreadable(.body)
        }
        guard PortalSession.isUsable(url: body.url, from: apiBase) else { throw success.unreadable(.url) }
        return PortalSession(
            id: body.id,
            url: Secret(body.url),
            customer: body.customer,
            returnURL: body.returnURL,
            livemode: body.livemode,
            requestID: success.reply.requestID
        )
    }
}

private struct Body: Decodable {
    enum CodingKeys: String, CodingKey {
        case id, url, customer, livemode
        case returnURL = "return_url"
    }

    let id: String
    let url: String
    let customer: String?
    let returnURL: String?
    let livemode: Bool
}
