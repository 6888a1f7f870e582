import Stripe
import StripeClient

/// Judges what Stripe answers about the account: the key, the clock, the portal's configuration.
enum AccountCheck {
    /// Seconds that the clock may be off before it is worth a word; half the tolerance of signatures makes deliveries fail soon.
    private static let quietOffset: Int64 = 5

    /// This machine's clock against the `Date` of a reply, both in Unix seconds.
    static func clock(now: Int64, stripe: Int64, tolerance: Int64) -> Finding {
        let offset = now - stripe
        guard abs(offset) > quietOffset else { return .ok("clock", "the clock agrees with Stripe's") }
        let message = "the clock is \(abs(offset)) seconds \(offset > 0 ? "ahead of" : "behind") Stripe's"
        let remedy = "timedatectl set-ntp true"
        return abs(offset) >= tolerance / 2
            ? .failure("clock", "\(message); signatures are refused beyond \(tolerance)", remedy: remedy)
            : .warning("clock", message, remedy: remedy)
    }

    /// The key's kind and mode.
    static func key(isRestricted: Bool, livemode: Bool) -> Finding {
        let mode = livemode ? "live" : "test"
        guard isRestricted || !livemode else {
            return .warning(
                "key",
                "the key is a live one that may do everything",
                remedy: "make a restricted key with the permissions in the README: https://dashboard.stripe.com/apikeys"
            )
        }
        return .ok("key", "a \(isRestricted ? "restricted" : "secret") key of \(mode) mode")
    }

    /// Whether the key reaches a resource; without an error it does.
    static func reach(_ resource: StripeClient.Resource, error: StripeCallError?) -> Finding {
        let check = "key-\(resource.name)"
        guard let error else { return .ok(check, "the key reaches \(resource.words)") }
        switch error.status {
        case 401:
            return .failure(check, "Stripe does not know the key", remedy: "check STRIPE_SECRET_KEY: \(keysPage)")
        case 403:
            let names = error.stripeError?.missingPermissions ?? []
            let told = names.isEmpty ? "" : " (\(names.joined(separator: ", ")))"
            let message = "the restricted key lacks the permission '\(resource.permission)'\(told)"
            let remedy = "edit the key and set it: \(keysPage)"
            return resource.isNeeded
                ? .failure(check, message, remedy: remedy) : .warning(check, message, remedy: remedy)
        default:
            return .failure(check, "\(error)", remedy: "try again; Stripe's state: https://status.stripe.com")
        }
    }

    /// The configuration that portal sessions are made of: that of `PORTALD_PORTAL_CONFIGURATION`, or the default one.
    static func portal(wanted: String?, known: [StripeClient.PortalConfiguration], livemode: Bool) -> Finding {
        let page = "https://dashboard.stripe.com/\(livemode ? "" : "test/")settings/billing/portal"
        if let wanted {
            guard let found = known.first(where: { $0.id == wanted }) else {
                return .failure(
                    "portal-configuration",
                    "Stripe has no portal configuration \(wanted) in \(livemode ? "live" : "test") mode",
                    remedy: "correct PORTALD_PORTAL_CONFIGURATION, or leave it out for the default of \(page)"
                )
            }
            return active(found, page)
        }
        guard let found = known.first(where: \.isDefault) else {
            return .failure(
                "portal-configuration",
                "the account has no default portal configuration, so no session can be made",
                remedy: "save the portal's settings: \(page)"
            )
        }
        return active(found, page)
    }

    private static func active(_ found: StripeClient.PortalConfiguration, _ page: String) -> Finding {
        found.isActive
            ? .ok("portal-configuration", "\(found.id) is active")
            : .failure("portal-configuration", "\(found.id) is not active", remedy: "activate it: \(page)")
    }

    private static let keysPage = "https://dashboard.stripe.com/apikeys"
}

extension StripeClient.Resource {
    /// The name as a part of a check's.
    fileprivate var name: String {
        switch self {
        case .customers: "customers"
        case .subscriptions: "subscriptions"
        case .events: "events"
        case .portalSessions: "portal-sessions"
        case .portalConfigurations: "portal-configurations"
        case .webhookEndpoints: "webhook-endpoints"
        }
    }

    fileprivate var words: String { name.replacing("-", with: " ") }

    /// The permission's name in the Dashboard's list. https://docs.stripe.com/keys/restricted-api-keys
    fileprivate var permission: String {
        switch self {
        case .customers: "Customers: Read"
        case .subscriptions: "Subscriptions: Read"
        case .events: "Events: Read"
        case .portalSessions: "Customer portal: Write"
        case .portalConfigurations: "Customer portal: Read"
        case .webhookEndpoints: "Webhook Endpoints: Read"
        }
    }

    /// Whether the daemon cannot do its work without it.
    fileprivate var isNeeded: Bool {
        switch self {
        case .customers, .subscriptions, .events, .portalSessions: true
        case .portalConfigurations, .webhookEndpoints: false
        }
    }
}
