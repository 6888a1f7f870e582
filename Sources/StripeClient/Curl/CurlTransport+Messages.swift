extension CurlTransport {
    /// Limits and trust of a transport.
    public struct Options: Sendable {
        /// The longest body that is read, in bytes, where the request sets no limit of its own.
        public var bodyLimit: Int
        /// A PEM file of certificate authorities to trust in place of the system's.
        public var certificateAuthorities: String?

        /// The defaults: 4 MiB, far above the longest single object Stripe is known to send, and the system's authorities.
        public init(bodyLimit: Int = 4 << 20, certificateAuthorities: String? = nil) {
            self.bodyLimit = bodyLimit
            self.certificateAuthorities = certificateAuthorities
        }
    }

    /// One header field.
    public struct Header: Hashable, Sendable {
        /// The field's name.
        public let name: String
        /// The field's value.
        public let value: String

        /// A field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A request.
    public struct Request: Sendable {
        /// The HTTP method, with what it carries.
        public enum Method: Sendable {
            /// Reads.
            case get
            /// Sends a body.
            case post(String)
        }

        /// The method.
        public var method: Method
        /// Where to.
        public var url: EndpointURL
        /// Header fields beside those that libcurl sets (`Host`, `Content-Length`, `Accept`).
        public var headers: [Header]
        /// The longest time for the whole exchange.
        public var timeout: Duration
        /// The longest time for name look-up, TCP and TLS, within ``timeout``.
        public var connectTimeout: Duration
        /// The longest body that is read, in bytes; nil takes the transport's limit.
        public var bodyLimit: Int?

        /// A request.
        public init(
            _ method: Method,
            _ url: EndpointURL,
            headers: [Header] = [],
            timeout: Duration,
            connectTimeout: Duration = .seconds(3),
            bodyLimit: Int? = nil
        ) {
            self.method = method
            self.url = url
            self.headers = headers
            self.timeout = timeout
            self.connectTimeout = connectTimeout
            self.bodyLimit = bodyLimit
        }

        /// Why the request must not be handed to libcurl, which would write a line break into the request as it stands.
        ///
        /// Names and values as in RFC 9110, section 5: tokens, and text without control characters.
        var fault: String? {
            for header in headers {
                guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenByte) else {
                    return "a header's name is not a token"
                }
                guard header.value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                    return "the header \(header.name) holds a control character"
                }
            }
            return nil
        }
    }

    /// A complete reply.
    public struct Reply: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The header fields in the order they came.
        public let headers: [Header]
        /// The body.
        public let body: [UInt8]

        /// The value of a field's first occurrence; the name's case does not matter.
        public func header(_ name: String) -> String? {
            let wanted = name.lowercased()
            return headers.first { $0.name.lowercased() == wanted }?.value
        }
    }
}

extension CurlTransport.Header: CustomStringConvertible, CustomReflectable {
    /// The name; the value may be a credential.
    public var description: String { name }

    /// A mirror with the name only.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
    default:
        "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
