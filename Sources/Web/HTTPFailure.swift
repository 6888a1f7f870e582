internal import HTTPTypes
internal import MirrorStore
internal import Portal
internal import Stripe
internal import Sync

/// The one table from errors to HTTP: status, code, message for the client, cause for the log.
struct HTTPFailure: Error {
    var status: HTTPResponse.Status
    /// The name that clients may rely on.
    var code: String
    /// What to do, for the client; nothing that only the operator may know.
    var message: String
    var headers: HTTPFields = [:]
    /// The parameter that cannot be used.
    var parameter: String?
    /// Why, for the log.
    var cause: String?

    init(_ error: any Error) {
        switch error {
        case let error as HTTPFailure: self = error
        case let error as PortalFailure: self.init(error)
        case let error as WebhookError: self.init(error)
        case let error as MirrorError: self.init(PortalFailure(.storeUnavailable, cause: "\(error)"))
        default:
            self.init(.internalServerError, "internal_error", "Something went wrong. Try again.")
            cause = "\(type(of: error))"
        }
    }

    private init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    // MARK: Of HTTP itself

    static let notFound = Self(.notFound, "not_found", "There is nothing at this path.")

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Self {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        var failure = Self(.methodNotAllowed, "method_not_allowed", "This path answers \(methods).")
        failure.headers[.allow] = methods
        return failure
    }

    /// The host name is not this machine's own (RFC 9110 §15.5.20).
    static let misdirected = Self(
        .misdirectedRequest,
        "misdirected_request",
        "Ask for this page by address or as localhost."
    )

    static let methodNotImplemented = Self(.notImplemented, "method_not_implemented", "This server has no such method.")

    static func bodyTooLarge(limit: Int) -> Self {
        Self(.contentTooLarge, "body_too_large", "The body is larger than \(limit) bytes.")
    }

    /// The client went away, or sent something that is no body.
    static let bodyUnreadable = Self(.badRequest, "body_unreadable", "The body could not be read.")

    static let unsupportedMediaType = Self(
        .unsupportedMediaType,
        "unsupported_media_type",
        "Send the body as JSON in UTF-8, with 'Content-Type: application/json'."
    )

    static func invalidJSON(_ error: JSONError) -> Self {
        var failure = Self(.badRequest, "invalid_json", "The body cannot be read: \(error).")
        failure.cause = "\(error)"
        return failure
    }

    /// - Parameters:
    ///   - parameter: The parameter's name.
    ///   - message: What to send instead, as a sentence; never the value that was sent.
    /// - Returns: The failure, 422.
    static func invalidParameter(_ parameter: String, _ message: String) -> Self {
        var failure = Self(.unprocessableContent, "invalid_parameter", message)
        failure.parameter = parameter
        failure.cause = "parameter \(parameter)"
        return failure
    }

    // MARK: Of a webhook

    private init(_ error: WebhookError) {
        switch error {
        case .signature(let error): self.init(error)
        case .body(let error):
            self.init(.badRequest, "invalid_event", "The body is no event: \(error).")
            cause = "\(error)"
        case .store(let error):
            self.init(.serviceUnavailable, "store_unavailable", "The event could not be stored. Send it again.")
            headers[.retryAfter] = "10"
            cause = "\(error)"
        }
    }

    /// Of a node that only follows the mirror: Stripe sends again, and by then to the primary.
    static let notPrimary: Self = {
        var failure = Self(
            .serviceUnavailable,
            "not_primary",
            "This node takes in no events. Send them to the primary."
        )
        failure.headers[.retryAfter] = "60"
        return failure
    }()

    private init(_ error: WebhookSignatureError) {
        let (code, message) =
            switch error {
            case .headerMissing:
                ("signature_header_missing", "The Stripe-Signature header is missing.")
            case .noTimestamp:
                ("signature_timestamp_missing", "The Stripe-Signature header has no timestamp (t).")
            case .ambiguousTimestamp:
                ("signature_timestamp_ambiguous", "The Stripe-Signature header has more than one timestamp (t).")
            case .invalidTimestamp:
                ("signature_timestamp_invalid", "The timestamp (t) of the Stripe-Signature header is no number.")
            case .noSignature:
                ("signature_missing", "The Stripe-Signature header has no signature of scheme v1.")
            case .noMatch:
                (
                    "signature_mismatch",
                    "No signature matches. Check that STRIPE_WEBHOOK_SECRET is this endpoint's, and that nothing "
                        + "between Stripe and portald changes the body."
                )
            case .outsideTolerance(let age):
                (
                    "signature_outside_tolerance",
                    "The signature is \(age.magnitude) seconds \(age < 0 ? "ahead" : "old"). Check the clock."
                )
            }
        self.init(.badRequest, code, message)
    }

    // MARK: Of the portal

    private init(_ failure: PortalFailure) {
        self.init(Self.status(of: failure.error), failure.error.code, failure.error.message)
        cause = failure.cause
        message = failure.fault?.message ?? message
        parameter = failure.fault?.parameter
        switch failure.error {
        case .authenticationRequired: headers[.wwwAuthenticate] = "Bearer"
        case .invalidToken: headers[.wwwAuthenticate] = #"Bearer error="invalid_token""#
        case .authenticationUnavailable: headers[.retryAfter] = "5"
        case .stripeBusy, .storeUnavailable: headers[.retryAfter] = "5"
        case .stripeUnavailable, .mirrorNotReady, .mirrorStale: headers[.retryAfter] = "30"
        case .rateLimited: headers[.retryAfter] = "60"
        case .invalidParameter, .crossSiteRequest: break
        case .customerNotFound, .noActiveSubscription, .customerLinkConflict, .stripeError, .stripeTimeout: break
        }
        if let wait = failure.retryAfter {
            // Whole seconds, rounded up: whoever comes then is not too early.
            headers[.retryAfter] = String(max(1, Int((wait / .seconds(1)).rounded(.up))))
        }
    }

    private static func status(of error: PortalError) -> HTTPResponse.Status {
        switch error {
        case .authenticationRequired, .invalidToken: .unauthorized
        case .crossSiteRequest: .forbidden
        case .authenticationUnavailable: .serviceUnavailable
        case .noActiveSubscription: .forbidden
        case .customerNotFound: .notFound
        case .customerLinkConflict: .conflict
        case .invalidParameter: .unprocessableContent
        case .rateLimited: .tooManyRequests
        case .stripeError: .badGateway
        case .mirrorNotReady, .mirrorStale, .stripeBusy, .stripeUnavailable, .storeUnavailable: .serviceUnavailable
        case .stripeTimeout: .gatewayTimeout
        }
    }
}
