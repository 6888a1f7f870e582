internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore
internal import Portal
internal import Stripe
internal import StripeClient

/// The endpoints that a logged-in user's browser calls.
struct PortalController {
    let authenticator: Authenticator
    let portal: BillingPortal

    private struct Opened: Encodable {
        var success = true
        var message = "Billing portal session created successfully"
        var portalURL: String

        enum CodingKeys: String, CodingKey {
            case success, message
            case portalURL = "portal_url"
        }
    }

    /// Answers `POST /api/subscriptions/user/billing-portal/`.
    func open(_ request: Request, context: RequestRecordContext) async throws -> Response {
        let user = try await authenticate(request)
        let session = try await portal.open(for: user)
        context.record.note("session", session.id)
        context.record.note("customer", session.customer)
        context.record.note("stripe_request", session.requestID)
        return try .json(Opened(portalURL: session.url.exposed))
    }

    /// Answers `GET /api/subscriptions/user/`.
    func subscriptions(_ request: Request, context: RequestRecordContext) async throws -> Response {
        let user = try await authenticate(request)
        return try .json(SubscriptionsBody(try await portal.overview(of: user)))
    }

    private func authenticate(_ request: Request) async throws(PortalFailure) -> UserID {
        try await authenticator.authenticate(RequestCredentials(request.headers), now: Date.now)
    }
}

extension RequestCredentials {
    fileprivate init(_ headers: HTTPFields) {
        self.init(
            authorization: headers[values: .authorization],
            cookie: headers[values: .cookie],
            origin: headers[values: .origin],
            fetchSite: HTTPField.Name("Sec-Fetch-Site").map { headers[values: $0] } ?? []
        )
    }
}
