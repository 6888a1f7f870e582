import Foundation

/// The address of a frontend, apart.
struct FrontendURL {
    /// Scheme, host and port as browsers send them in `Origin`. https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin
    var origin: String
    /// The origin and a path, without a slash at its end.
    var base: String

    init?(_ text: String) {
        guard let url = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = url.encodedHost?.lowercased(), host.wholeMatch(of: /[a-z0-9._-]+|\[[0-9a-f:.]+\]/) != nil,
            (1...65_535).contains(url.port ?? 1),
            url.query == nil, url.fragment == nil, url.user == nil, url.password == nil
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
