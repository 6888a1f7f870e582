/// A fault in how the sandbox itself is used.
public enum SandboxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An endpoint's URL is not `http://host…`; the sandbox speaks no TLS.
    case invalidEndpoint(String)
    /// An endpoint has no secret, so nothing could be signed for it.
    case missingSecret
    /// An endpoint's API version has not the form of one.
    case invalidAPIVersion(String)
    /// No endpoint has this id.
    case unknownEndpoint(String)
    /// A seed is negative, too large, or has subscriptions without customers.
    case invalidSeed
    /// The sandbox ended before it had an address.
    case notRunning

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .invalidEndpoint(let url): "'\(url)' is not an http URL: give one such as http://127.0.0.1:8080/webhooks"
        case .missingSecret: "the endpoint has no secret: give one such as whsec_test"
        case .invalidAPIVersion(let version): "'\(version)' is not an API version: give one such as 2026-03-25.dahlia"
        case .unknownEndpoint(let id): "there is no endpoint '\(id)': see GET /_sandbox/endpoints"
        case .invalidSeed:
            "up to \(SeedPlan.limit) customers and subscriptions can be seeded, and both or customers only"
        case .notRunning: "the sandbox ended before it listened: see the error of its run()"
        }
    }
}
