/// An error reply in Stripe's shape.
///
/// The known codes and statuses are listed at <https://docs.stripe.com/error-codes>.
public struct StripeAPIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The HTTP status.
    public var status: Int
    /// Stripe's `type`, for example `invalid_request_error`.
    public var type: String
    /// Stripe's `code`, where the error has one.
    public var code: String?
    /// The text for developers.
    public var message: String
    /// The parameter at fault, where one is known.
    public var param: String?

    /// The text for developers.
    public var description: String { message }

    init(
        status: Int = 400,
        type: String = "invalid_request_error",
        code: String? = nil,
        message: String,
        param: String? = nil
    ) {
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.param = param
    }

    /// The reply's body.
    ///
    /// Stripe leaves absent members out here, it does not write null.
    func body(requestLog: String?) -> JSONObject {
        var error = JSONObject()
        if let code {
            error["code"] = .string(code)
            error["doc_url"] = "https://stripe.com/docs/error-codes/\(code.replacing("_", with: "-"))"
        }
        error["message"] = .string(message)
        if let param { error["param"] = .string(param) }
        if let requestLog { error["request_log_url"] = .string(requestLog) }
        error["type"] = .string(type)
        return ["error": .object(error)]
    }
}

extension StripeAPIError {
    /// Stripe answers 404 for an object named in the path and 400 for one named by a parameter.
    static func missing(_ kind: String, _ id: String, param: String? = nil) -> Self {
        Self(
            status: param == nil ? 404 : 400,
            code: "resource_missing",
            message: "No such \(kind): '\(id)'",
            param: param ?? "id"
        )
    }

    static func parameterMissing(_ name: String) -> Self {
        Self(code: "parameter_missing", message: "Missing required param: \(name).", param: name)
    }

    static func parametersUnknown(_ names: [String]) -> Self {
        let noun = names.count == 1 ? "parameter" : "parameters"
        return Self(
            code: "parameter_unknown",
            message: "Received unknown \(noun): \(names.joined(separator: ", "))",
            param: names.first
        )
    }

    static func invalid(_ name: String, _ message: String, code: String? = nil) -> Self {
        Self(code: code, message: message, param: name)
    }

    /// <https://docs.stripe.com/rate-limits>.
    static var rateLimited: Self {
        Self(status: 429, code: "rate_limit", message: "Request rate limit exceeded.")
    }

    /// <https://docs.stripe.com/error-low-level>: a restricted key without the permission.
    static func permissionMissing(_ permission: String) -> Self {
        Self(
            status: 403,
            message: "The provided key 'rk_test_***' does not have the required permissions for this endpoint. "
                + "Having the '\(permission)' permission would allow this request to continue."
        )
    }

    static func invalidAPIVersion(_ version: String) -> Self {
        Self(message: "Invalid Stripe API version: \(version). It must be a date such as 2026-03-25.dahlia.")
    }

    static func unrecognizedURL(method: String, path: String) -> Self {
        Self(
            status: 404,
            message: "Unrecognized request URL (\(method): \(path)). The sandbox serves a part of Stripe's API only."
        )
    }
}
