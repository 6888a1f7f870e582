import HTTPTypes
import MirrorStore
import Portal
import Stripe
import Sync
import Testing

@testable import Web

/// The document is written by hand: what can be checked against the code is checked here, and what can be asked of the
/// running daemon by schemathesis.
@Suite(.timeLimit(.minutes(10))) struct OpenAPITests {
    private static let portal = "/api/subscriptions/user/billing-portal/"

    private static func document() throws -> JSON { try JSON(parsing: PackageResources.openapi_json) }

    @Test(arguments: PortalError.allCases)
    func namesEveryErrorOfThePortal(_ error: PortalError) throws {
        let failure = HTTPFailure(PortalFailure(error))
        let document = try Self.document()
        let described = [Self.portal, "/api/subscriptions/user/"].filter { path in
            document.codes(path, failure.status).contains(error.code)
        }
        #expect(!described.isEmpty)
    }

    @Test(arguments: [
        WebhookError.signature(.headerMissing), .signature(.noTimestamp), .signature(.ambiguousTimestamp),
        .signature(.invalidTimestamp), .signature(.noSignature), .signature(.noMatch),
        .signature(.outsideTolerance(age: 1)), .body(.malformed(offset: 0)), .store(.stopped),
    ])
    func namesEveryErrorOfAWebhook(_ error: WebhookError) throws {
        let failure = HTTPFailure(error)
        #expect(try Self.document().codes("/webhooks/stripe", failure.status).contains(failure.code))
    }

    @Test func namesTheErrorsOfHTTP() throws {
        struct Unforeseen: Error {}
        let document = try Self.document()
        for failure in [.bodyTooLarge(limit: 1), .bodyUnreadable, HTTPFailure(Unforeseen())] {
            #expect(document.codes("/webhooks/stripe", failure.status).contains(failure.code))
            #expect(document.codes(Self.portal, failure.status).contains(failure.code))
        }
        for failure in [HTTPFailure.unsupportedMediaType, .invalidJSON(.malformed(offset: 0))] {
            #expect(document.codes(Self.portal, failure.status).contains(failure.code))
        }
        #expect(document.codes("/api/subscriptions/config/", HTTPFailure.notFound.status) == [HTTPFailure.notFound.code])
    }

    /// Each path that is described answers each method that is described, and no other of them.
    @Test func describesTheMethods() async throws {
        let document = try Self.document()
        let paths = try #require(document["paths"]?.members)
        try await RunningAPI.run { api in
            for path in paths {
                let methods = try #require(path.value.members).map { $0.name.uppercased() }
                let reply = try await api.send("OPTIONS", path.name)
                let answered = Set(try #require(reply.header("Allow")).split(separator: ", ").map(String.init))
                // HEAD and OPTIONS are HTTP's own.
                #expect(answered.subtracting(["HEAD", "OPTIONS"]) == Set(methods), "\(path.name)")
            }
        }
    }
}

extension JSON {
    /// The codes that the document gives a path's answers of a status.
    fileprivate func codes(_ path: String, _ status: HTTPResponse.Status) -> [String] {
        let operation = self["paths"]?[path]?.members?.first?.value
        let response = operation?["responses"]?["\(status.code)"].flatMap(resolved)
        let schema = response?["content"]?["application/json"]?["schema"].flatMap(resolved)
        let code = schema?["properties"]?["code"] ?? schema?["properties"]?["error"]?["properties"]?["code"]
        return code?["enum"]?.elements?.compactMap(\.string) ?? [code?["const"]?.string].compactMap(\.self)
    }

    /// What a reference within the document leads to, or the value itself.
    private func resolved(_ value: JSON) -> JSON? {
        guard let reference = value["$ref"]?.string else { return value }
        return reference.split(separator: "/").dropFirst().reduce(Optional(self)) { $0?[String($1)] }
    }
}
