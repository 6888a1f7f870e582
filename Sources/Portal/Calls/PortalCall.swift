internal import MirrorStore
internal import StripeClient

/// One call to Stripe that creates a portal session, and what follows from its failure.
struct PortalCall: Sendable {
    let client: StripeClient
    let breaker: StripeBreaker
    /// The mirror's side of reads; nil where another machine's daemon reads.
    let reads: ObjectReads?
    /// Unix seconds by this machine's clock.
    let now: @Sendable () -> Double

    /// Creates a portal session.
    ///
    /// - Throws: ``PortalFailure``.
    func session(_ parameters: PortalSessionParameters) async throws(PortalFailure) -> PortalSession {
        try breaker.admit()
        let session: PortalSession
        do {
            session = try await client.createPortalSession(parameters)
        } catch {
            breaker.finishCall(error.outcome)
            throw await failure(error, parameters)
        }
        breaker.finishCall(.answered)
        // Whoever holds the URL acts for the customer: a session of another one must never be handed out.
        guard session.customer == parameters.customer else {
            throw PortalFailure(.stripeError, cause: "the session is of another customer")
        }
        return session
    }

    /// What Stripe does not know is read anew, so that the mirror knows it too by the next click.
    private func failure(_ error: StripeCallError, _ parameters: PortalSessionParameters) async -> PortalFailure {
        switch MissingResource(error, parameters) {
        case nil:
            return PortalFailure(PortalError(error), cause: "\(error)")
        case .price:
            return PortalFailure(ParameterFault("price", "There is no such price.", cause: "\(error)"))
        case .mirrored(let object):
            guard let reads else { return PortalFailure(.stripeError, cause: "\(error)") }
            do {
                try await reads.request(object, at: now())
                return PortalFailure(.stripeError, cause: "\(error); \(object.id) is read anew")
            } catch let fault {
                return PortalFailure(.stripeError, cause: "\(error); \(object.id) is not read anew: \(fault)")
            }
        }
    }
}

extension PortalError {
    init(_ error: StripeCallError) {
        self =
            switch error {
            case .refused, .unreadable: .stripeError
            case .busy, .crowdedOut: .stripeBusy
            case .unavailable, .cancelled: .stripeUnavailable
            case .timedOut: .stripeTimeout
            }
    }
}
