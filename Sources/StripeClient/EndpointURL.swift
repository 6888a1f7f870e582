internal import Glibc

/// The address of an HTTP service that may be sent credentials: https, or plain http to this machine.
public struct EndpointURL: Hashable, Sendable {
    /// Why a string is not such an address.
    public enum Invalid: Error, Hashable, Sendable {
        /// Not an absolute URL.
        case malformed
        /// Neither https nor http.
        case scheme(String)
        /// Plain http to a host that is not this machine.
        case insecure
        /// A user name or password in the address.
        case credentials
        /// A query or a fragment, where only a path can follow.
        case suffix
    }

    /// The address in libcurl's normal form; where others are appended to it, without a slash at its end.
    public let string: String
    /// Whether the host is 127.0.0.0/8, `::1` or `localhost` (which libcurl never looks up).
    public let isLoopback: Bool
    /// Whether the connection is encrypted.
    public let isHTTPS: Bool

    /// Checks an address.
    ///
    /// - Throws: ``Invalid``, which says what to change.
    public init(_ string: String) throws(Invalid) {
        let url = try Self.checked(string)
        guard !url.hasQuery else { throw .suffix }
        var end = url.normalized[...]
        while end.last == "/" { end.removeLast() }
        self.init(string: String(end), of: url)
    }

    /// Checks the address of one resource: it may have a query, and a slash at its end is kept.
    ///
    /// - Throws: ``Invalid``, which says what to change.
    public init(resource string: String) throws(Invalid) {
        let url = try Self.checked(string)
        self.init(string: url.normalized, of: url)
    }

    private init(string: String, of url: CurlURL) {
        self.init(
            string: string,
            isLoopback: Self.isLoopback(host: url.host),
            isHTTPS: url.scheme == "https"
        )
    }

    private static func checked(_ string: String) throws(Invalid) -> CurlURL {
        guard let url = CurlURL(string) else { throw .malformed }
        guard url.scheme == "https" || url.scheme == "http" else { throw .scheme(url.scheme) }
        guard !url.hasCredentials else { throw .credentials }
        guard !url.hasFragment else { throw .suffix }
        guard url.scheme == "https" || isLoopback(host: url.host) else { throw .insecure }
        return url
    }

    /// The address of one of the service's resources.
    ///
    /// - Parameters:
    ///   - path: begins with a slash and is percent-encoded already.
    ///   - query: follows the path where it is not empty.
    /// - Returns: an address with the same host.
    func appending(_ path: String, query: FormEncoding = FormEncoding([])) -> EndpointURL {
        let query = query.string.isEmpty ? "" : "?" + query.string
        return EndpointURL(string: string + path + query, isLoopback: isLoopback, isHTTPS: isHTTPS)
    }

    private init(string: String, isLoopback: Bool, isHTTPS: Bool) {
        self.string = string
        self.isLoopback = isLoopback
        self.isHTTPS = isHTTPS
    }

    private static func isLoopback(host: String) -> Bool {
        if host.lowercased() == "localhost" { return true }
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 {
            return withUnsafeBytes(of: address) { $0[0] == 127 }
        }
        var address6 = in6_addr()
        guard host.hasPrefix("["), host.hasSuffix("]"),
            inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address6) == 1
        else { return false }
        return withUnsafeBytes(of: address6) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
}

extension EndpointURL: CustomStringConvertible {
    /// The address.
    public var description: String { string }
}

extension EndpointURL.Invalid: CustomStringConvertible {
    /// What is wrong and what to write instead.
    public var description: String {
        switch self {
        case .malformed: "not an absolute URL; write it as https://host"
        case .scheme(let scheme): "the scheme \(scheme) is not supported; use https"
        case .insecure: "plain http is allowed to this machine only (127.0.0.0/8, [::1], localhost); use https"
        case .credentials: "an address must not hold a user name or password"
        case .suffix: "an address must end after its path; remove the query or fragment"
        }
    }
}
