public import Stripe

/// Why a call to Stripe brought nothing, sorted by what a caller can do about it.
public enum StripeCallError: Error, Sendable {
    /// Stripe understood and refused: a 4xx that is no rate limit. The same call will be refused again.
    case refused(StripeError, attempts: Int)
    /// Stripe asks for fewer requests. Never retried here.
    case busy(StripeError, attempts: Int)
    /// Stripe failed (5xx), or could not be reached.
    case unavailable(Cause, attempts: Int)
    /// The call's time ran out.
    case timedOut(TransportError, attempts: Int)
    /// The call's time ran out while it waited for its turn among our own calls.
    case crowdedOut(attempts: Int)
    /// Stripe answered with something that is not what was asked for.
    case unreadable(Unreadable, status: Int, requestID: String?, attempts: Int)
    /// The calling task was cancelled.
    case cancelled(attempts: Int)

    /// Why Stripe counts as unavailable.
    public enum Cause: Sendable {
        /// A reply with a 5xx status.
        case reply(StripeError)
        /// No reply.
        case noReply(TransportError)
    }

    /// What cannot be read about a reply.
    public enum Unreadable: String, Sendable {
        /// A redirect, or another status that Stripe's API does not use.
        case status = "unexpected status"
        /// A body that is not the JSON object asked for.
        case body = "unexpected body"
        /// An address in the body that nobody may be sent to.
        case url = "unexpected url"
        /// No `Date` in the reply's head, or one that cannot be read.
        case date = "unexpected date"
    }
}

extension StripeCallError {
    /// How many requests were sent.
    public var attempts: Int {
        switch self {
        case .refused(_, let attempts), .busy(_, let attempts), .unavailable(_, let attempts),
            .timedOut(_, let attempts), .crowdedOut(let attempts), .unreadable(_, _, _, let attempts),
            .cancelled(let attempts):
            attempts
        }
    }

    /// Stripe's own account of the failure, where it gave one.
    public var stripeError: StripeError? {
        switch self {
        case .refused(let error, _), .busy(let error, _), .unavailable(.reply(let error), _): error
        case .unavailable(.noReply, _), .timedOut, .crowdedOut, .unreadable, .cancelled: nil
        }
    }

    /// The last reply's HTTP status, where there was one.
    public var status: Int? {
        if case .unreadable(_, let status, _, _) = self { status } else { stripeError?.status }
    }

    /// The last reply's `Request-Id`, where there was one.
    public var requestID: String? {
        if case .unreadable(_, _, let requestID, _) = self { requestID } else { stripeError?.requestID }
    }
}

extension StripeCallError: CustomStringConvertible {
    /// What a log line needs; no message of Stripe's, no key, no body.
    public var description: String {
        let what =
            switch self {
            case .refused(let error, _): "Stripe refused the request: \(error)"
            case .busy(let error, _): "Stripe limits our rate: \(error)"
            case .unavailable(.reply(let error), _): "Stripe failed: \(error)"
            case .unavailable(.noReply(let error), _): "Stripe cannot be reached: \(error)"
            case .timedOut(let error, _): "Stripe did not answer in time: \(error)"
            case .crowdedOut: "too many calls to Stripe wait for their turn"
            case .unreadable(let what, let status, let requestID, _):
                "Stripe's reply cannot be used: \(what.rawValue) status=\(status)"
                    + (requestID.map { " request_id=\($0)" } ?? "")
            case .cancelled: "the call to Stripe was cancelled"
            }
        return "\(what) attempts=\(attempts)"
    }
}
