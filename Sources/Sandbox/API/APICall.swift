/// A call of Stripe's API as it came in.
struct APICall: Sendable {
    var method: String
    var path: String
    var parameters: StripeParameters
    /// The value of the `Authorization` header.
    var authorization: String?
    var idempotencyKey: String?
    /// The value of the `Stripe-Version` header.
    var apiVersion: String?

    /// Equal for calls that a client repeats with one idempotency key.
    var fingerprint: String {
        "\(method) \(path) \(parameters.entries)"
    }
}

/// A call on its way through the sandbox.
struct AdmittedCall: Sendable {
    var call: APICall
    var route: APIRoute
    var id: String
    var expansions: [String]
    var context: CallContext
    /// The faults that struck, other than an answer already given.
    var delay: Duration = .zero
    var hold: Duration = .zero
    var reset: APIFault.Moment?
    var failure: StripeAPIError?
}

/// What becomes of a call when it comes in.
enum Admission: Sendable {
    case proceed(AdmittedCall)
    /// Refused, this much later where a fault says so, or replayed at once.
    case reply(APIReply, after: Duration = .zero)
}
