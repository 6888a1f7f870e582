import Foundation
import MirrorStore
import Testing

@testable import Portal

/// Who is asking, by bearer token and by cookie.
@Suite(.timeLimit(.minutes(10))) struct AuthenticatorTests {
    private static let origin = "https://app.example.com"

    private func refuses(
        _ authenticator: Authenticator,
        _ credentials: RequestCredentials,
        _ error: PortalError,
        at location: SourceLocation = #_sourceLocation
    ) async {
        await #expect("\(error)", sourceLocation: location) {
            try await authenticator.authenticate(credentials, now: Claims.now)
        } throws: { thrown in
            (thrown as? PortalFailure)?.error == error
        }
    }

    private func tokens() async throws -> (authenticator: Authenticator, token: String) {
        let verifier = try await TokenVerifier(keys: TestKeys.all(), rules: ClaimRules())
        let sessions = CookieSessions(
            cookie: try #require(SessionCookie(name: "__Host-session")),
            allowedOrigins: [Self.origin],
            kind: .token(verifier)
        )
        return (Authenticator(verifier: verifier, sessions: sessions), try await TestSigner.hs256().token())
    }

    @Test func aTokenInTheCookieNamesItsUser() async throws {
        let (authenticator, token) = try await tokens()
        for credentials in [
            RequestCredentials(cookie: ["a=b; __Host-session=\(token)"], origin: [Self.origin]),
            RequestCredentials(cookie: ["__Host-session=\(token)"], fetchSite: ["same-origin"]),
            RequestCredentials(authorization: ["Basic dTpw"], cookie: ["__Host-session=\(token)"], origin: [Self.origin]),
        ] {
            #expect(try await authenticator.authenticate(credentials, now: Claims.now) == UserID("user-1"))
        }
        #expect(authenticator.acceptsCookies)
    }

    @Test func withoutTheSettingNoCookieCounts() async throws {
        let verifier = try await TokenVerifier(keys: TestKeys.all(), rules: ClaimRules())
        let authenticator = Authenticator(verifier: verifier)
        let token = try await TestSigner.hs256().token()
        let credentials = RequestCredentials(cookie: ["__Host-session=\(token)"], origin: [Self.origin])
        await refuses(authenticator, credentials, .authenticationRequired)
        #expect(!authenticator.acceptsCookies)
    }

    @Test func aBearerTokenWins() async throws {
        let (authenticator, token) = try await tokens()
        let cookie = "__Host-session=\(token)"
        let other = try await TestSigner.hs256().token(payload: #"{"sub":"user-2","exp":1800000600}"#)
        let both = RequestCredentials(authorization: ["Bearer \(other)"], cookie: [cookie])
        #expect(try await authenticator.authenticate(both, now: Claims.now) == UserID("user-2"))
        for header in ["Bearer nonsense", "Bearer", "Bearer a b", "Bearer \(token)x"] {
            let bad = RequestCredentials(authorization: [header], cookie: [cookie], origin: [Self.origin])
            await refuses(authenticator, bad, .invalidToken)
        }
        let twice = RequestCredentials(
            authorization: ["Bearer \(token)", "Bearer \(token)"],
            cookie: [cookie],
            origin: [Self.origin]
        )
        await refuses(authenticator, twice, .invalidToken)
    }

    @Test func theSiteIsCheckedBeforeTheSession() async throws {
        let (authenticator, token) = try await tokens()
        for session in [token, "nonsense", "a b", token + "; __Host-session=x"] {
            for credentials in [
                RequestCredentials(cookie: ["__Host-session=\(session)"]),
                RequestCredentials(cookie: ["__Host-session=\(session)"], origin: ["https://evil.example"]),
                RequestCredentials(cookie: ["__Host-session=\(session)"], origin: ["null"]),
                RequestCredentials(cookie: ["__Host-session=\(session)"], fetchSite: ["same-site"]),
            ] {
                await refuses(authenticator, credentials, .crossSiteRequest)
            }
        }
        await refuses(authenticator, RequestCredentials(origin: ["https://evil.example"]), .authenticationRequired)
        await refuses(authenticator, RequestCredentials(cookie: ["other=1"]), .authenticationRequired)
    }

    @Test func aBadSessionIsRefused() async throws {
        let (authenticator, token) = try await tokens()
        for session in ["nonsense", "a b", "\(token); __Host-session=\(token)", "\(token)x"] {
            let credentials = RequestCredentials(cookie: ["__Host-session=\(session)"], origin: [Self.origin])
            await refuses(authenticator, credentials, .invalidToken)
        }
    }
}
