import FoundationEssentials

/// The error that Stripe answers with: the HTTP status, the `error` object of the body and the `Request-Id`.
///
/// Source: https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
public struct StripeError: Error, Sendable {
    /// Stripe's class of an error; open, because Stripe adds values without a new API version.
    public struct Kind: RawRepresentable, Hashable, Sendable {
        /// Stripe's spelling.
        public let rawValue: String

        /// Any spelling, known or not.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Something went wrong on Stripe's side.
        public static let apiError = Kind(rawValue: "api_error")
        /// A card could not be charged.
        public static let cardError = Kind(rawValue: "card_error")
        /// An `Idempotency-Key` was used again with other parameters.
        public static let idempotencyError = Kind(rawValue: "idempotency_error")
        /// The request cannot be carried out as it was made.
        public static let invalidRequestError = Kind(rawValue: "invalid_request_error")
    }

    /// The HTTP status of the reply.
    public let status: Int
    /// The `Request-Id` header; absent from a 401.
    public let requestID: String?
    /// The class of the error; absent where the body was not an error object of Stripe's.
    public let type: Kind?
    /// A short string for programs, such as `resource_missing`; many errors have none.
    public let code: String?
    /// The request's parameter at fault, in form spelling: `items[0][price]`.
    public let param: String?
    /// Why the card's issuer declined.
    public let declineCode: String?
    /// Stripe's page about ``code``.
    public let docURL: String?
    /// Stripe's explanation for a developer; secret, because that of a 401 repeats the rejected key.
    public let message: Secret?

    /// Reads the reply to a request that failed.
    ///
    /// Never fails: what stands between us and Stripe may answer with a page of its own. Such a body leaves ``type`` and all
    /// that comes from the body absent.
    public init(status: Int, requestID: String?, body: [UInt8]) {
        let error = try? JSONDecoder().decode(Envelope.self, from: Data(body)).error
        self.status = status
        self.requestID = requestID
        type = error?.type.map(Kind.init(rawValue:))
        code = error?.code
        param = error?.param
        declineCode = error?.declineCode
        docURL = error?.docURL
        message = error?.message.map(Secret.init)
    }

    /// Whether Stripe says that we ask too much: a 429, or what older endpoints send in its place.
    ///
    /// The official SDKs map both to their rate-limit error.
    public var isRateLimit: Bool {
        status == 429 || (status == 400 && code == "rate_limit")
    }

    /// The permissions that a restricted key would need, such as `rak_customer_read`, where Stripe's 403 names them.
    ///
    /// Nothing else of the message is told: it also holds a part of the key.
    public var missingPermissions: [String] {
        guard status == 403, let text = message?.exposed else { return [] }
        return text.split { !($0.isASCII && ($0.isLowercase || $0 == "_")) }.map(String.init).filter {
            $0.hasPrefix("rak_")
        }
    }

    /// Whether another request was working on the same object: Stripe's one 429 that does not mean too many requests.
    ///
    /// Source: https://docs.stripe.com/rate-limits#object-lock-timeouts.
    public var isLockTimeout: Bool { status == 429 && code == "lock_timeout" }
}

extension StripeError: CustomStringConvertible {
    /// What a log line needs; never the message.
    public var description: String {
        let fields: [(String, String?)] = [
            ("status", String(status)), ("type", type?.rawValue), ("code", code), ("param", param),
            ("decline_code", declineCode), ("request_id", requestID),
        ]
        return fields.compactMap { name, value in value.map { "\(name)=\($0)" } }.joined(separator: " ")
    }
}

private struct Envelope: Decodable {
    struct Body: Decodable {
        enum CodingKeys: String, CodingKey {
            case type, code, param, message
            case declineCode = "decline_code"
            case docURL = "doc_url"
        }

        let type: String?
        let code: String?
        let param: String?
        let message: String?
        let declineCode: String?
        let docURL: String?
    }

    let error: Body
}
