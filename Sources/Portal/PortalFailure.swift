/// A portal error with its cause.
public struct PortalFailure: Error, Sendable, Hashable {
    /// What the client is told.
    public let error: PortalError
    /// What the log is told, without secrets or personal data; nil where the error says it all.
    public let cause: String?

    /// Pairs an error with its cause.
    public init(_ error: PortalError, cause: String? = nil) {
        self.error = error
        self.cause = cause
    }
}
