import FoundationEssentials
import Stripe

extension StripeClient {
    /// A customer waits: three attempts without a connection are over in six seconds, and one lost packet is made up for
    /// within each (its retransmission follows after a second, RFC 6298 §2).
    private static let portalConnectTimeout: Duration = .milliseconds(1500)

    /// Creates a portal session: `POST /v1/billing_portal/sessions`.
    ///
    /// - Parameters:
    ///   - parameters: for whom, and where to go afterwards.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the session; its URL is short-lived.
    /// - Throws: ``StripeCallError``.
    public func createPortalSession(
        _ parameters: PortalSessionParameters,
        budget: Duration = .seconds(8)
    ) async throws(StripeCallError) -> PortalSession {
        let success = try await post(
            "/v1/billing_portal/sessions",
            parameters.form,
            lane: .portal,
            timer: timer(budget),
            connectTimeout: Self.portalConnectTimeout
        )
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
