/// The webhook endpoint that a daemon needs at Stripe, which the account's endpoints are judged by.
///
/// It is found by its address where that is known, else by the path that portald serves: what stands in front of the daemon
/// decides its public name, which the daemon cannot know.
public struct ExpectedEndpoint: Sendable, Hashable {
    /// What there is of it at Stripe.
    public struct Judgement: Sendable, Hashable {
        /// The daemon's endpoint: of several the one that works best.
        public var endpoint: EndpointRegistration?
        /// What is wrong with it, the worst first.
        public var faults: [EndpointFault]
    }

    /// Where portald takes webhooks in.
    public static let path = "/webhooks/stripe"

    /// The address that Stripe reaches the daemon by, where the operator has named it.
    public var url: String?
    /// Whether it has to be of live mode.
    public var livemode: Bool
    /// The API version that its events should be rendered in.
    public var apiVersion: String
    /// The event types that it has to be sent.
    public var types: [String]

    /// Says what is needed.
    public init(url: String?, livemode: Bool, apiVersion: String, types: [String]) {
        self.url = url
        self.livemode = livemode
        self.apiVersion = apiVersion
        self.types = types
    }

    /// Judges the account's endpoints.
    public func judge(_ known: [EndpointRegistration]) -> Judgement {
        let candidates = candidates(among: known)
        let endpoint =
            candidates.first { $0.isEnabled && $0.apiVersion == apiVersion }
            ?? candidates.first { $0.isEnabled } ?? candidates.first
        guard let endpoint else { return Judgement(faults: [EndpointFault(.missing)]) }
        var faults: [EndpointFault] = []
        if !endpoint.isEnabled { faults.append(EndpointFault(.disabled)) }
        if endpoint.livemode != livemode { faults.append(EndpointFault(.mode)) }
        let missing = endpoint.missing(of: types)
        if !missing.isEmpty { faults.append(EndpointFault(.eventTypes, details: missing)) }
        if endpoint.apiVersion != apiVersion {
            faults.append(EndpointFault(.apiVersion, details: endpoint.apiVersion.map { [$0] } ?? []))
        }
        let enabled = candidates.filter(\.isEnabled)
        if enabled.count > 1 { faults.append(EndpointFault(.duplicate, details: enabled.map(\.id))) }
        return Judgement(endpoint: endpoint, faults: faults)
    }

    private func candidates(among known: [EndpointRegistration]) -> [EndpointRegistration] {
        if let url { return known.filter { $0.url == url } }
        return known.filter { Self.path(of: $0.url) == Self.path }
    }

    private static func path(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
    }
}
