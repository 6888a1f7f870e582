internal import StripeClient

/// How long a reply may be used before it is asked for again (RFC 9111 §4.2.1), within bounds of our own.
enum FreshnessLifetime {
    /// Short enough for a rotation of keys that is announced nowhere, long enough to be no burden.
    static let bounds = 60...86_400
    static let fallback = 600

    /// Seconds: by `max-age`, else by `Expires` against `Date`, else the fallback.
    static func seconds(of reply: CurlTransport.Reply) -> Int {
        let stated = maxAge(reply.header("Cache-Control")) ?? expiry(reply.header("Expires"), reply.header("Date"))
        return min(max(stated ?? fallback, bounds.lowerBound), bounds.upperBound)
    }

    private static func maxAge(_ cacheControl: String?) -> Int? {
        let directives = (cacheControl ?? "").lowercased().split(separator: ",").map { directive in
            directive.filter { $0 != " " && $0 != "\t" }
        }
        if directives.contains("no-store") || directives.contains("no-cache") { return 0 }
        guard let text = directives.first(where: { $0.hasPrefix("max-age=") })?.dropFirst("max-age=".count),
            !text.isEmpty, text.utf8.allSatisfy(\.isDigit)
        else { return nil }
        // More digits than fit are for ever.
        return Int(text) ?? .max
    }

    private static func expiry(_ expires: String?, _ date: String?) -> Int? {
        guard let expires = expires.flatMap(HTTPDate.unixSeconds), let date = date.flatMap(HTTPDate.unixSeconds) else {
            return nil
        }
        return Int(expires - date)
    }
}
