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
    let arrivals: ArrivalWatch

    /// Far more than the longest body that says something.
    private static let bodyLimit = 16 << 10

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
        context.record.note(user)
        try portal.admit(user)
        let wish = try portal.request(try await request.json(upTo: Self.bodyLimit))
        try await waitForArrival(request, user)
        let session = try await portal.open(wish, for: user) {
            context.record.note($0, at: Date.now.timeIntervalSince1970)
        }
        context.record.note("answer", "allowed")
        context.record.note("session", session.id)
        context.record.note("customer", session.customer)
        context.record.note("stripe_request", session.requestID)
        return try .json(Opened(portalURL: session.url.exposed))
    }

    /// Answers `GET /api/subscriptions/user/`.
    func subscriptions(_ request: Request, context: RequestRecordContext) async throws -> Response {
        let user = try await authenticate(request)
        context.record.note(user)
        try await waitForArrival(request, user)
        let overview = try await portal.overview(of: user) {
            context.record.note($0, at: Date.now.timeIntervalSince1970)
        }
        context.record.note("answer", "listed")
        return try .json(SubscriptionsBody(overview))
    }

    /// Waits for what the client has just seen happen at Stripe; whether it came in, the answer shows.
    private func waitForArrival(_ request: Request, _ user: UserID) async throws {
        guard let arrival = try AfterParameter(request).arrival else { return }
        do throws(MirrorError) {
            _ = try await arrivals.wait(for: arrival, by: user)
        } catch {
            throw PortalFailure(.storeUnavailable, cause: "\(error)")
        }
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
