internal import Foundation
public import StripeClient

/// Where an issuer's key set is read from.
public enum JSONWebKeySetSource: Sendable, Hashable {
    /// A file on this machine, which the operator answers for.
    case file(String)
    /// The issuer's own address, such as the `jwks_uri` of OpenID Connect Discovery.
    case url(EndpointURL)

    /// A set as it was read.
    struct Reading: Sendable {
        let bytes: [UInt8]
        /// Seconds until it is to be read again.
        let lifetime: Int
    }

    /// Seconds that a file counts as read.
    private static let fileLifetime = 60

    /// Reads the file.
    ///
    /// - Throws: ``JSONWebKeySetError``.
    public static func contents(ofFile path: String) throws(JSONWebKeySetError) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? handle.close() }
            return Array(try handle.read(upToCount: JSONWebKeySet.maximumLength + 1) ?? Data())
        } catch {
            throw .file
        }
    }

    /// Reads the set; a reply within the timeout, with no redirect followed, and no longer than a set may be.
    func read(
        _ transport: CurlTransport,
        userAgent: String,
        timeout: Duration
    ) async throws(JSONWebKeySetError) -> Reading {
        switch self {
        case .file(let path):
            return Reading(bytes: try Self.contents(ofFile: path), lifetime: Self.fileLifetime)
        case .url(let url):
            let request = CurlTransport.Request(
                .get,
                url,
                headers: [
                    .init("Accept", "application/jwk-set+json, application/json"), .init("User-Agent", userAgent),
                ],
                timeout: timeout,
                bodyLimit: JSONWebKeySet.maximumLength
            )
            let reply: CurlTransport.Reply
            do {
                reply = try await transport.send(request)
            } catch {
                throw .noReply(error)
            }
            guard reply.status == 200 else { throw .status(reply.status) }
            return Reading(bytes: reply.body, lifetime: FreshnessLifetime.seconds(of: reply))
        }
    }

    /// A file's set is refused for one bad key, at whose owner the message is addressed; others' sets are used without it.
    func check(_ set: JSONWebKeySet) throws(JSONWebKeySetError) {
        switch self {
        case .file: try set.requireSound()
        case .url: try set.requireKey()
        }
    }
}
