import Foundation
import HTTPTypes
import Hummingbird
import Portal
import Web

/// The page that stands in for the operator's application, and the tokens it would hand out.
struct DemoEndpoints {
    let signer: TokenSigner

    private struct Token: Encodable {
        var token: String
    }

    var all: [Endpoint] {
        [
            .get("/demo") { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
                    body: .init(byteBuffer: ByteBuffer(bytes: PackageResources.demo_html))
                )
            },
            .get("/demo/token/{user}") { [signer] _, context in
                let user = try context.parameters.require("user")
                let token = try await signer.token(for: user, expiring: Date.now.addingTimeInterval(3600))
                return Response(
                    status: .ok,
                    headers: [.contentType: "application/json", .cacheControl: "no-store"],
                    body: .init(byteBuffer: ByteBuffer(string: try JSONText.of(Token(token: token))))
                )
            },
        ]
    }
}
