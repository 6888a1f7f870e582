internal import Foundation
public import Stripe
public import StripeClient

/// The endpoint that knows opaque sessions: OAuth 2.0 Token Introspection (RFC 7662).
public struct IntrospectionEndpoint: Sendable {
    /// The longest answer in bytes.
    static let maximumLength = 64 << 10

    /// Where it is.
    public let url: EndpointURL
    /// Who we are to it.
    public let clientID: String
    /// What proves it.
    public let clientSecret: Secret
    /// The longest time for one call.
    public let timeout: Duration

    /// An endpoint, with the credentials that it asks for.
    public init(url: EndpointURL, clientID: String, clientSecret: Secret, timeout: Duration = .seconds(3)) {
        self.url = url
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.timeout = timeout
    }

    /// Asks about a session (RFC 7662 §2.1), with the credentials encoded as RFC 6749 §2.3.1 wants it.
    func request(for session: String, userAgent: String) -> CurlTransport.Request {
        let form = FormEncoding([.init("token", .string(session)), .init("token_type_hint", .string("access_token"))])
        let id = FormEncoding.percentEncoded(clientID)
        let secret = FormEncoding.percentEncoded(clientSecret.exposed)
        let credentials = Data("\(id):\(secret)".utf8).base64EncodedString()
        return CurlTransport.Request(
            .post(form.string),
            url,
            headers: [
                .init("Authorization", "Basic \(credentials)"),
                .init("Content-Type", "application/x-www-form-urlencoded"),
                .init("Accept", "application/json"),
                .init("User-Agent", userAgent),
            ],
            timeout: timeout,
            bodyLimit: Self.maximumLength
        )
    }
}
