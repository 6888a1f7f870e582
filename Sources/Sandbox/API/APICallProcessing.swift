extension SandboxState {
    /// Counts a call, checks its key, draws its faults and looks at its idempotency key.
    ///
    /// Where it may proceed, ``execute(_:)`` or ``abandon(_:)`` must follow.
    mutating func admit(_ call: APICall) -> Admission {
        let match = APIRoute.match(method: call.method, path: call.path)
        calls[match?.route.name ?? "\(call.method) \(call.path)", default: 0] += 1
        guard isAuthentic(call) else { return .reply(Self.unauthorized(call)) }
        let requestID = model.ids.short("req_")
        // Counted in real seconds, whatever is done to the sandbox's clock.
        guard rateLimit?.admits(at: clock.signingTime) ?? true else {
            rateLimitedCalls += 1
            return .reply(refusal(.rateLimited, reason: "global-rate", requestID: requestID, call))
        }
        guard let (route, id) = match else {
            return .reply(
                reply(.unrecognizedURL(method: call.method, path: call.path), requestID: requestID, call)
            )
        }
        if let permission = missingPermission(for: route, call) {
            return .reply(reply(.permissionMissing(permission), requestID: requestID, call))
        }
        if let version = call.apiVersion, !Rendering.isAPIVersion(version) {
            return .reply(reply(.invalidAPIVersion(version), requestID: requestID, call))
        }
        var parameters = call.parameters
        let expansions = Self.takeExpansions(&parameters)
        var admitted = AdmittedCall(
            call: call,
            route: route,
            id: id,
            expansions: expansions,
            context: CallContext(
                now: clock.now(),
                rendering: Rendering(
                    apiVersion: call.apiVersion ?? configuration.apiVersion,
                    livemode: model.rendering.livemode
                ),
                requestID: requestID,
                idempotencyKey: call.idempotencyKey
            )
        )
        admitted.call.parameters = parameters
        if let refusal = drawFaults(into: &admitted) {
            return .reply(refusal, after: admitted.delay + admitted.hold)
        }
        return admitIdempotently(admitted)
    }

    /// Draws the faults of a call; returns the answer where one refuses it before Stripe would begin with it.
    private mutating func drawFaults(into admitted: inout AdmittedCall) -> APIReply? {
        let call = admitted.call
        let faults = apiFaults.strike { fault in
            (fault.method ?? call.method) == call.method && Glob.matches(fault.path, call.path)
        }
        var refused: APIReply?
        for fault in faults {
            switch fault.effect {
            case .delay(let delay): admitted.delay += delay
            case .hold(let delay): admitted.hold += delay
            case .reset(let moment): admitted.reset = moment
            case .status(500, _): admitted.failure = .fault(500, hasReason: false)
            case .status(404, _) where !admitted.id.isEmpty:
                let error = StripeAPIError.missing(admitted.route.objectName, admitted.id)
                refused = refused ?? reply(error, requestID: admitted.context.requestID, call)
            case .status(let status, let reason):
                let error = StripeAPIError.fault(status, hasReason: reason != nil)
                refused = refused ?? refusal(error, reason: reason, requestID: admitted.context.requestID, call)
            }
        }
        return refused
    }

    private func refusal(_ error: StripeAPIError, reason: String?, requestID: String?, _ call: APICall) -> APIReply {
        var refusal = reply(error, requestID: requestID, call)
        if let reason { refusal.headers.append(("Stripe-Rate-Limited-Reason", reason)) }
        return refusal
    }

    private mutating func admitIdempotently(_ admitted: AdmittedCall) -> Admission {
        // Stripe ignores the key on GET and DELETE, which are idempotent by themselves.
        guard admitted.call.method == "POST", let key = admitted.call.idempotencyKey else { return .proceed(admitted) }
        let now = admitted.context.now
        switch idempotency.begin(key, fingerprint: admitted.call.fingerprint, now: now) {
        case .proceed:
            return .proceed(admitted)
        case .refuse(let error):
            return .reply(reply(error, requestID: admitted.context.requestID, admitted.call))
        case .replay(let saved):
            var replay = saved
            replay.requestID = admitted.context.requestID
            replay.date = nil
            replay.headers.append(("Idempotent-Replayed", "true"))
            return .reply(replay)
        }
    }

    /// Runs an admitted call.
    mutating func execute(_ admitted: AdmittedCall) -> APIReply {
        var admitted = admitted
        admitted.context.now = clock.now()
        // An expansion is only found to be impossible once there is an object: then nothing must have happened.
        let before = admitted.expansions.isEmpty || admitted.call.method == "GET" ? nil : model
        var reply: APIReply
        do throws(StripeAPIError) {
            if let failure = admitted.failure { throw failure }
            let object = try admitted.route.perform(
                &self,
                admitted.call.parameters,
                id: admitted.id,
                admitted.context
            )
            let body = try model.expanding(admitted.expansions, in: object, admitted.context)
            reply = self.reply(200, body, requestID: admitted.context.requestID, admitted.call)
        } catch {
            if let before { model = before }
            reply = self.reply(error, requestID: admitted.context.requestID, admitted.call)
        }
        reply.date = admitted.context.now
        if admitted.call.method == "POST" {
            if reply.status == 200 { reply.headers.append(("Stripe-Should-Retry", "false")) }
            if let key = admitted.call.idempotencyKey { idempotency.finish(key, reply: reply) }
        }
        return reply
    }

    /// Forgets an admitted call that will not be executed.
    mutating func abandon(_ admitted: AdmittedCall) {
        if admitted.call.method == "POST", let key = admitted.call.idempotencyKey { idempotency.abandon(key) }
    }

    private func reply(_ error: StripeAPIError, requestID: String?, _ call: APICall) -> APIReply {
        let log = requestID.map { "https://dashboard.stripe.com/test/workbench/logs?object=\($0)" }
        return reply(error.status, error.body(requestLog: log), requestID: requestID, call)
    }

    private func reply(_ status: Int, _ body: JSONObject, requestID: String?, _ call: APICall) -> APIReply {
        var reply = APIReply(status: status, body: body, requestID: requestID)
        reply.headers.append(("Stripe-Version", call.apiVersion ?? configuration.apiVersion))
        if let key = call.idempotencyKey {
            reply.headers.append(("Idempotency-Key", key))
            if call.method == "POST", let requestID { reply.headers.append(("Original-Request", requestID)) }
        }
        return reply
    }

    /// Stripe gives no code and no `Request-Id` here, and shows the ends of the rejected key.
    private static func unauthorized(_ call: APICall) -> APIReply {
        let message =
            if let key = call.authorization?.split(separator: " ").last, key.count > 12 {
                "Invalid API Key provided: \(key.prefix(8))\(String(repeating: "*", count: 8))\(key.suffix(4))"
            } else {
                "You did not provide an API key. Provide it in the Authorization header, as 'Bearer YOUR_SECRET_KEY'."
            }
        let error = StripeAPIError(status: 401, message: message)
        return APIReply(
            status: 401,
            body: error.body(requestLog: nil),
            headers: [("WWW-Authenticate", #"Bearer realm="Stripe""#)]
        )
    }

    private static func takeExpansions(_ parameters: inout StripeParameters) -> [String] {
        guard case .nested(let list) = parameters["expand"] else { return [] }
        parameters["expand"] = nil
        return list.entries.compactMap { entry in
            if case .text(let path) = entry.value { path } else { nil }
        }
    }
}

extension StripeAPIError {
    /// The error of a fault: <https://docs.stripe.com/error-low-level>.
    fileprivate static func fault(_ status: Int, hasReason: Bool) -> StripeAPIError {
        switch status {
        case 409:
            StripeAPIError(status: 409, message: "The request conflicts with another one. (sandbox fault)")
        case 429 where hasReason:
            StripeAPIError(status: 429, code: "rate_limit", message: "Too many requests. (sandbox fault)")
        case 429:
            StripeAPIError(
                status: 429,
                code: "lock_timeout",
                message: "This object is being accessed by another request. (sandbox fault)"
            )
        case 500...:
            StripeAPIError(status: status, type: "api_error", message: "An unknown error occurred. (sandbox fault)")
        default:
            StripeAPIError(status: status, message: "This call was refused. (sandbox fault)")
        }
    }
}
