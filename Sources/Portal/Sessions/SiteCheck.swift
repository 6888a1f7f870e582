/// Whether a request that a browser sends a cookie with comes from a page of ours.
///
/// A cookie goes with every request to its host, whichever page asked for it. Sources: RFC 6454 §7 for `Origin`,
/// https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header for `Sec-Fetch-Site`; pages can set neither.
struct SiteCheck: Sendable {
    /// Scheme, host and port, as browsers send them.
    let allowedOrigins: Set<String>

    /// Browsers leave `Origin` out where a page of the same origin reads; old ones send no `Sec-Fetch-Site` either.
    func passes(origin: [String], fetchSite: [String]) -> Bool {
        switch origin.count {
        case 0: fetchSite == ["same-origin"]
        case 1: origin[0] != "null" && allowedOrigins.contains(origin[0])
        default: false
        }
    }
}
