import Foundation

/// The address of a frontend, apart.
struct FrontendURL {
    /// Scheme, host and port as browsers send them in `Origin`. https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
    var origin: String
    /// The origin and a path, without a slash at its end.
    var base: String

    init?(_ text: String) {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            let host = url.encodedHost?.lowercased(), !host.isEmpty,
            ["http", "https"].contains(scheme), url.query == nil, url.fragment == nil, url.user == nil
        else { return nil }
        let defaultPort = scheme == "https" ? 443 : 80
        let port = url.port.flatMap { $0 == defaultPort ? nil : ":\($0)" } ?? ""
        origin = "\(scheme)://\(host)\(port)"
        var path = url.percentEncodedPath[...]
        while path.last == "/" {
            path.removeLast()
        }
        base = origin + path
    }
}
