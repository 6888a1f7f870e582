import Foundation
import Portal
import Stripe
import StripeClient

/// Settings that say how users prove who they are.
extension SettingsReader {
    private static let secret = "PORTALD_JWT_SECRET"
    private static let publicKey = "PORTALD_JWT_PUBLIC_KEY"
    private static let keySet = "PORTALD_JWKS"
    private static let cookie = "PORTALD_SESSION_COOKIE"
    private static let introspection = "PORTALD_SESSION_INTROSPECTION_URL"
    private static let clientID = "PORTALD_SESSION_INTROSPECTION_CLIENT_ID"
    private static let clientSecret = "PORTALD_SESSION_INTROSPECTION_CLIENT_SECRET"

    mutating func authentication() -> AuthenticationSettings {
        let settings = AuthenticationSettings(
            tokenKeys: tokenKeys(),
            keySet: keySetSource(),
            claimRules: ClaimRules(
                issuer: text("PORTALD_JWT_ISSUER"),
                audience: text("PORTALD_JWT_AUDIENCE"),
                userClaim: text("PORTALD_JWT_USER_CLAIM") ?? "sub",
                requiredClaims: requiredClaims("PORTALD_JWT_REQUIRED_CLAIMS")
            ),
            cookie: sessionCookie(),
            introspection: introspectionEndpoint()
        )
        if [Self.secret, Self.publicKey, Self.keySet, Self.introspection].allSatisfy({ source.text($0) == nil }) {
            faults.append(
                "\(Self.secret), \(Self.publicKey), \(Self.keySet) and \(Self.introspection) are not set: give the secret "
                    + "(HS256), the public key (a PEM file) or the key set (a file or https URL) that your users' tokens are "
                    + "signed with, or the endpoint that knows their sessions"
            )
        }
        return settings
    }

    private mutating func tokenKeys() -> [TokenKey] {
        var keys: [TokenKey] = []
        if let text = text(Self.secret) {
            do throws(TokenKeyError) {
                keys.append(try TokenKey(secret: text))
            } catch {
                fault(Self.secret, "cannot be used: \(error)")
            }
        }
        if let path = text(Self.publicKey) {
            do {
                keys += try TokenKey.publicKeys(pem: String(contentsOf: URL(filePath: path), encoding: .utf8))
            } catch let error as TokenKeyError {
                fault(Self.publicKey, "cannot be used: \(error)")
            } catch {
                fault(Self.publicKey, "names a file that cannot be read as text")
            }
        }
        return keys
    }

    /// A file is checked at once; a URL may be down now.
    private mutating func keySetSource() -> JSONWebKeySetSource? {
        guard let text = text(Self.keySet) else { return nil }
        if text.contains("://") {
            return resource(Self.keySet, text).map(JSONWebKeySetSource.url)
        }
        do throws(JSONWebKeySetError) {
            try JSONWebKeySet(parsing: JSONWebKeySetSource.contents(ofFile: text)).requireSound()
            return .file(text)
        } catch {
            fault(Self.keySet, "cannot be used: \(error)")
            return nil
        }
    }

    private mutating func requiredClaims(_ name: String) -> [RequiredClaim] {
        (list(name) ?? []).compactMap { text in
            let claim = RequiredClaim(text)
            if claim == nil {
                fault(name, "has a part that is not name=value")
            }
            return claim
        }
    }

    private mutating func sessionCookie() -> SessionCookie? {
        guard let name = text(Self.cookie) else { return nil }
        let cookie = SessionCookie(name: name)
        if cookie == nil {
            fault(Self.cookie, "is no name of a cookie, such as __Host-session")
        }
        return cookie
    }

    private mutating func introspectionEndpoint() -> IntrospectionEndpoint? {
        let text = text(Self.introspection)
        let url = text.flatMap { resource(Self.introspection, $0) }
        let id = self.text(Self.clientID)
        let secret = self.text(Self.clientSecret)
        guard source.text(Self.introspection) != nil else {
            for name in [Self.clientID, Self.clientSecret] where source.text(name) != nil {
                fault(name, "has no effect without \(Self.introspection); set both, or leave it out")
            }
            return nil
        }
        if source.text(Self.cookie) == nil {
            fault(Self.introspection, "needs \(Self.cookie), the name of the cookie that carries the session")
        }
        for name in [Self.clientID, Self.clientSecret] where source.text(name) == nil {
            fault(name, "is not set: \(Self.introspection) needs the credentials that portald has at the endpoint")
        }
        guard let url, let id, let secret else { return nil }
        return IntrospectionEndpoint(url: url, clientID: id, clientSecret: Secret(secret))
    }

    private mutating func resource(_ name: String, _ text: String) -> EndpointURL? {
        do throws(EndpointURL.Invalid) {
            return try EndpointURL(resource: text)
        } catch {
            fault(name, "cannot be used: \(Self.explain(error))")
            return nil
        }
    }
}
