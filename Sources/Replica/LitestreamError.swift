/// Why Litestream did not do what it was asked to.
public enum LitestreamError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such program, or it cannot be run.
    case notFound(String)
    /// The configuration cannot be read, or would have epochs share a place.
    case configuration(path: String, reason: String)
    /// It failed with a reason.
    case failed(String)
    /// It took too long; the replica may be out of reach.
    case timedOut

    /// What went wrong and what to do.
    public var description: String {
        switch self {
        case .notFound(let program):
            "\(program) cannot be run: install Litestream 0.5.17 or later, and give its path as PORTALD_LITESTREAM"
        case .configuration(let path, let reason): "\(path) cannot be used: \(reason)"
        case .failed(let reason): "Litestream: \(reason)"
        case .timedOut: "Litestream did not answer in time; the replica may be out of reach"
        }
    }
}
