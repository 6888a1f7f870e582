import StripeClient
import Testing

@Suite(.enabled(if: OpenSSLServer.isInstalled, "needs the openssl command"), .timeLimit(.minutes(10)))
struct CurlTransportTLSTests {
    @Test func aCertificateThatNobodyVouchesForIsRefused() async throws {
        let server = try OpenSSLServer()
        let transport = try CurlTransport()
        let request = CurlTransport.Request(.get, try EndpointURL(server.url), timeout: CurlTransportTests.plenty)
        let error = try await failure(of: request, on: transport)
        _ = try server.output()
        guard case .tls = error.reason else {
            Issue.record("\(error)")
            return
        }
        #expect(!error.requestMayHaveArrived)
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        let server = try OpenSSLServer()
        let transport = try CurlTransport(.init(certificateAuthorities: server.certificate))
        let url = try EndpointURL(server.url.replacing("127.0.0.1", with: "localhost"))
        let error = try await failure(of: .init(.get, url, timeout: CurlTransportTests.plenty), on: transport)
        _ = try server.output()
        guard case .tls = error.reason else {
            Issue.record("\(error)")
            return
        }
        #expect(!error.requestMayHaveArrived)
    }

    @Test func aTrustedServerIsOfferedHTTP2() async throws {
        let server = try OpenSSLServer(["-alpn", "http/1.1"])
        let transport = try CurlTransport(.init(certificateAuthorities: server.certificate))
        let request = CurlTransport.Request(.get, try EndpointURL(server.url), timeout: CurlTransportTests.plenty)
        let reply = try await transport.send(request)
        transport.shutdown()
        let output = try server.output()
        #expect(reply.status == 200)
        #expect(output.contains("ALPN protocols advertised by the client: h2, http/1.1"))
    }

    @Test(arguments: ["-tls1", "-tls1_1"])
    func oldTLSIsRefused(version: String) async throws {
        let server = try OpenSSLServer([version, "-cipher", "DEFAULT:@SECLEVEL=0"])
        let transport = try CurlTransport(.init(certificateAuthorities: server.certificate))
        let request = CurlTransport.Request(.get, try EndpointURL(server.url), timeout: CurlTransportTests.plenty)
        let error = try await failure(of: request, on: transport)
        _ = try server.output()
        #expect(error.reason == .connectionFailed("SSL connect error"))
        #expect(!error.requestMayHaveArrived)
    }
}
