import Stripe

extension StripeClient {
    /// A part of Stripe's API that a restricted key may or may not reach. https://docs.stripe.com/keys/restricted-api-keys
    public enum Resource: String, CaseIterable, Sendable {
        /// Customers, which the mirror holds.
        case customers
        /// Subscriptions, which the mirror holds.
        case subscriptions
        /// Events, which sweeps read.
        case events
        /// Portal sessions, which are created for users.
        case portalSessions = "billing_portal/sessions"
        /// Portal configurations, which are read by `doctor` only.
        case portalConfigurations = "billing_portal/configurations"
        /// Webhook endpoints, which are watched.
        case webhookEndpoints = "webhook_endpoints"
    }

    /// A portal configuration, as far as it decides whether sessions can be made.
    /// https://docs.stripe.com/api/customer_portal/configurations/object
    public struct PortalConfiguration: Sendable, Hashable {
        /// `bpc_…`.
        public var id: String
        /// Whether sessions can be made of it.
        public var isActive: Bool
        /// Whether it is the one of sessions that name none.
        public var isDefault: Bool
    }

    /// A customer that no account has: asked for a session of it, Stripe says whether the key may make sessions, and makes none.
    private static let nobody = "cus_portald_doctor"

    /// Asks for next to nothing of a resource, to see whether the key reaches it.
    ///
    /// - Parameters:
    ///   - resource: what to ask for; of portal sessions one for an unknown customer, which Stripe refuses with 400 where it
    ///     would make them.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the reply's `Date` in Unix seconds; nil where it has none, or Stripe's refusal was the expected one.
    /// - Throws: ``StripeCallError``; status 403 where the key has no permission.
    public func reach(_ resource: Resource, budget: Duration = .seconds(15)) async throws(StripeCallError) -> Int64? {
        let path = "/v1/\(resource.rawValue)"
        guard resource == .portalSessions else {
            let form = FormEncoding([.init("limit", .integer(1))])
            let reply = try await get(path, form, lane: .refresh, timer: timer(budget)).reply
            return reply.header("Date").flatMap(HTTPDate.unixSeconds)
        }
        do {
            let form = FormEncoding([.init("customer", .string(Self.nobody))])
            _ = try await post(path, form, lane: .refresh, timer: timer(budget), connectTimeout: .seconds(5))
        } catch .refused(let error, _) where error.status == 400 {
            return nil
        }
        return nil
    }

    /// Lists the portal's configurations: `GET /v1/billing_portal/configurations`.
    ///
    /// - Parameter budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the newest hundred.
    /// - Throws: ``StripeCallError``.
    public func listPortalConfigurations(
        budget: Duration = .seconds(15)
    ) async throws(StripeCallError) -> [PortalConfiguration] {
        let form = FormEncoding(Self.paging(nil, 100))
        let success = try await get("/v1/billing_portal/configurations", form, lane: .refresh, timer: timer(budget))
        return try success.list(of: "billing_portal.configuration").objects.map { object throws(StripeCallError) in
            guard let id = object["id"]?.string, let isActive = object["active"]?.bool else {
                throw success.unreadable(.body)
            }
            return PortalConfiguration(id: id, isActive: isActive, isDefault: object["is_default"]?.bool ?? false)
        }
    }
}
