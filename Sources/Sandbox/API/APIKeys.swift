import FoundationEssentials

extension APICall {
    /// The key as bearer token, or as the user of basic authentication with an empty password.
    var key: String? {
        guard let authorization, let space = authorization.firstIndex(of: " ") else { return nil }
        let credentials = String(authorization[authorization.index(after: space)...])
        switch authorization[..<space].lowercased() {
        case "bearer":
            return credentials
        case "basic":
            guard let text = Data(base64Encoded: credentials).map({ String(decoding: $0, as: UTF8.self) }),
                text.hasSuffix(":")
            else { return nil }
            return String(text.dropLast())
        default:
            return nil
        }
    }
}

extension APIRoute {
    /// What a restricted key needs for the route; nil where the sandbox asks for nothing.
    ///
    /// The names are Stripe's for customers, subscriptions and events, and of the same form for the others.
    var permission: String? {
        let resources = [
            ("/v1/customers", "customer"), ("/v1/subscription", "subscription"), ("/v1/events", "event"),
            ("/v1/billing_portal/sessions", "customer_portal"),
            ("/v1/billing_portal/configurations", "customer_portal"),
            ("/v1/webhook_endpoints", "webhook"),
        ]
        guard let resource = resources.first(where: { pattern.hasPrefix($0.0) }) else { return nil }
        return "rak_\(resource.1)_\(method == "GET" ? "read" : "write")"
    }
}

extension SandboxState {
    func isAuthentic(_ call: APICall) -> Bool {
        guard let key = call.key else { return false }
        return key == configuration.secretKey || restrictedKeys[key] != nil
    }

    /// The permission that the call's key lacks; writing includes reading.
    func missingPermission(for route: APIRoute, _ call: APICall) -> String? {
        guard let permissions = call.key.flatMap({ restrictedKeys[$0] }), let needed = route.permission,
            !permissions.contains(needed), !permissions.contains(needed.replacing("_read", with: "_write"))
        else { return nil }
        return needed
    }
}
