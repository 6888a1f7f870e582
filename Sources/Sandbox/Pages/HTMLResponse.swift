import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A page that no cache keeps, that runs no script, and whose URL no other site learns.
    static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
                .referrerPolicy: "no-referrer",
            ],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// Leads to another page; a reload there does not repeat the action (RFC 9110, section 15.4.4).
    static func seeOther(_ location: String) -> Response {
        Response(status: .seeOther, headers: [.location: location, .referrerPolicy: "no-referrer"])
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = {
        guard let name = Self("Referrer-Policy") else { preconditionFailure("not a header name") }
        return name
    }()
}
