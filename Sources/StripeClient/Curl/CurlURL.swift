internal import CCurl

/// The parts of an absolute URL, as libcurl's own parser reads them.
///
/// What is checked here is therefore what is connected to (https://curl.se/libcurl/c/libcurl-url.html).
struct CurlURL {
    let scheme: String
    /// An IPv6 address keeps its brackets; an IPv4 address is in its usual form, however it was written.
    let host: String
    /// The whole URL in libcurl's normal form.
    let normalized: String
    let hasCredentials: Bool
    let hasQuery: Bool
    let hasFragment: Bool

    /// Parses a URL; nil where libcurl's parser refuses it.
    init?(_ string: String) {
        // A NUL would end the C string early: what was checked would not be what was written.
        guard !string.utf8.contains(0), let handle = curl_url() else { return nil }
        defer { curl_url_cleanup(handle) }
        guard curl_url_set(handle, CURLUPART_URL, string, 0) == CURLUE_OK,
            let scheme = part(CURLUPART_SCHEME, of: handle), let host = part(CURLUPART_HOST, of: handle),
            let normalized = part(CURLUPART_URL, of: handle)
        else { return nil }
        self.scheme = scheme
        self.host = host
        self.normalized = normalized
        hasCredentials = part(CURLUPART_USER, of: handle) != nil || part(CURLUPART_PASSWORD, of: handle) != nil
        hasQuery = part(CURLUPART_QUERY, of: handle) != nil
        hasFragment = part(CURLUPART_FRAGMENT, of: handle) != nil
    }
}

private func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
    var value: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &value, 0) == CURLUE_OK, let value else { return nil }
    defer { curl_free(value) }
    return String(cString: value)
}
