/// A portal error with its cause.
public struct PortalFailure: Error, Sendable, Hashable {
    /// What the client is told.
    public let error: PortalError
    /// What the log is told, without secrets or personal data; nil where the error says it all.
    public let cause: String?
    /// What is wrong with the request, where it is ``PortalError/invalidParameter``.
    public let fault: ParameterFault?
    /// When to try again, where it is known; otherwise the error has its usual time.
    public let retryAfter: Duration?

    /// Pairs an error with its cause.
    public init(_ error: PortalError, cause: String? = nil, retryAfter: Duration? = nil) {
        self.error = error
        self.cause = cause
        self.retryAfter = retryAfter
        fault = nil
    }

    /// Says what is wrong with a parameter.
    public init(_ fault: ParameterFault) {
        error = .invalidParameter
        cause = fault.cause
        self.fault = fault
        retryAfter = nil
    }

    init(_ refusal: PortalTarget.Refusal) {
        switch refusal {
        case .closed(let error): self.init(error)
        case .parameter(let fault): self.init(fault)
        }
    }
}
