/// The named errors of the portal's HTTP contract; an error's HTTP status is chosen where responses are made.
///
/// The raw value is the wire code, which clients may rely on.
public enum PortalError: String, Error, Sendable, Hashable, CaseIterable {
    /// The request carried no credentials.
    case authenticationRequired = "authentication_required"
    /// The request's token was refused; why is for the log only.
    case invalidToken = "invalid_token"
    /// A browser sent the session's cookie, but from another site's page.
    case crossSiteRequest = "cross_site_request"
    /// Who is asking cannot be told now: the issuer's keys were never read, or sessions cannot be checked.
    case authenticationUnavailable = "authentication_unavailable"
    /// The user is linked to no customer, or to deleted ones only.
    case customerNotFound = "customer_not_found"
    /// The user has a customer, but no subscription that opens the portal.
    case noActiveSubscription = "no_active_subscription"
    /// Another user claims the same customer.
    case customerLinkConflict = "customer_link_conflict"
    /// A parameter of the request cannot be used.
    case invalidParameter = "invalid_parameter"
    /// The user asks too often.
    case rateLimited = "rate_limited"
    /// The mirror is still being filled, and may lack what the user has.
    case mirrorNotReady = "mirror_not_ready"
    /// The mirror is followed from another machine, and lags further behind than the operator allows.
    case mirrorStale = "mirror_stale"
    /// Stripe refused the call, or its answer could not be read.
    case stripeError = "stripe_error"
    /// Stripe answered 429.
    case stripeBusy = "stripe_busy"
    /// Stripe answered 5xx, or could not be reached.
    case stripeUnavailable = "stripe_unavailable"
    /// Stripe did not answer in time.
    case stripeTimeout = "stripe_timeout"
    /// The mirror could not be read.
    case storeUnavailable = "store_unavailable"

    /// The error's name on the wire.
    public var code: String { rawValue }

    /// What to tell the client: says what to do, and nothing about the cause that only the operator may know.
    public var message: String {
        switch self {
        case .authenticationRequired:
            "Sign in first, then send your token in the header 'Authorization: Bearer <token>'."
        case .invalidToken:
            "Your token is invalid or has expired. Sign in again."
        case .crossSiteRequest:
            "This page may not use your session here. Open the billing page of the app itself."
        case .authenticationUnavailable:
            "Your sign-in cannot be checked at the moment. Try again in a few seconds."
        case .customerNotFound:
            "There is no billing account for this user yet. Subscribe first, or contact support."
        case .noActiveSubscription:
            "You have no active subscription to manage. Subscribe first."
        case .customerLinkConflict:
            "This billing account is linked to more than one user. Contact support to have it corrected."
        case .invalidParameter:
            "A parameter of the request cannot be used."
        case .rateLimited:
            "You have asked for the billing portal too often. Wait a moment, then try again."
        case .mirrorNotReady:
            "Subscriptions are still being loaded. Try again in a few minutes."
        case .mirrorStale:
            "Subscriptions are not up to date at the moment. Try again in a minute."
        case .stripeError:
            "The billing portal could not be opened. Contact support if this happens again."
        case .stripeBusy:
            "The billing service is busy. Try again in a few seconds."
        case .stripeUnavailable:
            "The billing service cannot be reached at the moment. Try again in a minute."
        case .stripeTimeout:
            "The billing service did not answer in time. Try again."
        case .storeUnavailable:
            "Subscriptions cannot be read at the moment. Try again in a minute."
        }
    }
}
