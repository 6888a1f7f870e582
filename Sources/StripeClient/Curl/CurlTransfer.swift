internal import CCurl

/// One request in flight: its easy handle and what has arrived so far.
///
/// Belongs to the transport's thread. Must be removed from the multi handle before it is released.
final class CurlTransfer {
    let id: CurlInbox.ID
    let easy: UnsafeMutableRawPointer
    private let bodyLimit: Int
    private let completion: CurlInbox.Completion
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var replyHeaders: [CurlTransport.Header] = []
    private var isHeadComplete = false
    private var body: [UInt8] = []
    private var isBodyTooLarge = false

    init?(id: CurlInbox.ID, bodyLimit: Int, completion: CurlInbox.Completion) {
        guard let easy = curl_easy_init() else { return nil }
        self.id = id
        self.easy = easy
        self.bodyLimit = bodyLimit
        self.completion = completion
    }

    deinit {
        curl_easy_cleanup(easy)
        curl_slist_free_all(headers)
    }

    func configure(_ request: CurlTransport.Request, _ options: CurlTransport.Options) throws(TransportError) {
        try set(CURLOPT_URL, request.url.string)
        try set(CURLOPT_PROTOCOLS_STR, request.url.isHTTPS ? "https" : "http")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        // An empty proxy overrides the environment: `http_proxy` would be sent the request as it stands.
        if request.url.isLoopback { try set(CURLOPT_PROXY, "") }
        try set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)

        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let file = options.certificateAuthorities { try set(CURLOPT_CAINFO, file) }
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Over TLS the handshake tells whether a connection can be shared; it is worth the wait. Without TLS, libcurl would
        // wait for the first reply.
        if request.url.isHTTPS { try set(CURLOPT_PIPEWAIT, 1) }

        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_TIMEOUT_MS, milliseconds(request.timeout))
        try set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(min(request.connectTimeout, request.timeout)))
        // A time-out or cancellation during a name look-up must not hold up the other transfers until the look-up ends.
        try set(CURLOPT_QUICK_EXIT, 1)

        switch request.method {
        case .get:
            try set(CURLOPT_HTTPGET, 1)
        case .post(let body):
            try set(CURLOPT_POST, 1)
            try set(CURLOPT_POSTFIELDSIZE, body.utf8.count)
            try set(CURLOPT_COPYPOSTFIELDS, body)
        }
        for header in request.headers {
            // A colon with nothing after it would remove the field; a semicolon sends it empty.
            let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
            guard let extended = curl_slist_append(headers, line) else {
                throw TransportError(.connectionFailed("out of memory"))
            }
            headers = extended
        }
        try check(ccurl_set_list(easy, CURLOPT_HTTPHEADER, headers))

        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, receiveHeadLine))
        try check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(ccurl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, receiveBody))
        try check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
    }

    /// Takes a line of the reply's head: the status line, a field, or the empty line at its end.
    fileprivate func takeHeadLine(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // The head of the reply, or of the next one after an interim reply.
            replyHeaders = []
            isHeadComplete = false
        } else if line == "\r\n" || line == "\n" {
            isHeadComplete = true
        } else if !isHeadComplete, let colon = line.firstIndex(of: ":") {
            // What follows the head is a trailer.
            let value = line[line.index(after: colon)...].trimming(while: \.isWhitespace)
            replyHeaders.append(.init(String(line[..<colon]), String(value)))
        }
    }

    /// Takes a part of the body; false where it is too long.
    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard body.count + bytes.count <= bodyLimit else {
            isBodyTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Hands over the result of a transfer that has ended by itself.
    func finish(_ code: CURLcode) {
        guard code == CURLE_OK else {
            fail(reason(for: code))
            return
        }
        // libcurl 7.88 takes a head that was cut short for a reply without a body.
        guard isHeadComplete else {
            fail(.connectionFailed(String(cString: curl_easy_strerror(CURLE_PARTIAL_FILE))))
            return
        }
        var status = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        let reply = CurlTransport.Reply(status: status, headers: replyHeaders, body: body)
        completion.resume(returning: .success(reply))
    }

    /// Hands over why there is no reply.
    func fail(_ reason: TransportError.Reason) {
        var sent = 0
        ccurl_get_long(easy, CURLINFO_REQUEST_SIZE, &sent)
        completion.resume(returning: .failure(TransportError(reason, requestMayHaveArrived: sent > 0)))
    }

    private func reason(for code: CURLcode) -> TransportError.Reason {
        let detail = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            var connected: curl_off_t = 0
            ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &connected)
            return .timedOut(connected == 0 ? .connect : .total)
        case CURLE_WRITE_ERROR where isBodyTooLarge:
            return .bodyTooLarge(limit: bodyLimit)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_INITFAILED:
            return .tls(detail)
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_HTTP2_STREAM,
            CURLE_BAD_CONTENT_ENCODING:
            return .malformedReply(detail)
        default:
            return .connectionFailed(detail)
        }
    }

    private func set(_ option: CURLoption, _ value: Int) throws(TransportError) {
        try check(ccurl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String) throws(TransportError) {
        try check(ccurl_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(TransportError) {
        guard code == CURLE_OK else { throw TransportError(.invalidRequest(String(cString: curl_easy_strerror(code)))) }
    }
}

private func receiveHeadLine(
    bytes: UnsafeMutablePointer<CChar>?,
    size: Int,
    count: Int,
    context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    transfer.takeHeadLine(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

private func receiveBody(
    bytes: UnsafeMutablePointer<CChar>?,
    size: Int,
    count: Int,
    context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    let length = size * count
    return transfer.takeBody(UnsafeRawBufferPointer(start: bytes, count: length)) ? length : Int(CURL_WRITEFUNC_ERROR)
}

/// At least one, because libcurl takes zero for no limit.
private func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    // A day is as good as for ever, and fits libcurl's type.
    return max(1, Int(max(0, min(seconds, 86_400))) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> Substring {
        var rest = drop(while: isTrimmed)
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
