import Foundation
import Logging
import MirrorStore
import NIOConcurrencyHelpers
import StripeClient
import TestSupport
import Testing

@testable import Portal

/// An issuer's key set over time: fresh, down, rotated.
@Suite(.timeLimit(.minutes(10))) struct JSONWebKeySetCacheTests {
    /// What the issuer answers; a test changes it.
    private final class Issuer: Sendable {
        let answer = NIOLockedValueBox(RawServer.Answer.reset)

        func publishes(_ keys: [[String: String]], _ headers: [String: String] = [:]) {
            answers(RawServer.reply(200, headers, WebKeys.set(keys)))
        }

        func answers(_ text: String) { answer.withLockedValue { $0 = .send(text) } }
        func isDown() { answer.withLockedValue { $0 = .reset } }
    }

    private struct World {
        let issuer: Issuer
        let server: RawServer
        let cache: JSONWebKeySetCache
        let clock: ManualClock
        let log: LogCapture
        let verifier: TokenVerifier

        func token(_ id: String?) async throws -> String {
            let header = id.map { #"{"alg":"ES256","kid":"\#($0)"}"# } ?? #"{"alg":"ES256"}"#
            return try await TestSigner.accepted("ES256").token(header: header)
        }

        func verify(_ id: String?) async throws -> UserID {
            try await verifier.verifyFetchingKeys(token(id), now: Claims.now)
        }
    }

    private static func key(_ id: String) -> [String: String] {
        var key = WebKeys.p256
        key["kid"] = id
        return key
    }

    private func withWorld(
        keys: [TokenKey] = [],
        _ body: (World) async throws -> Void
    ) async throws {
        let issuer = Issuer()
        try await RawServer.run { _ in
            issuer.answer.withLockedValue { $0 }
        } _: { server in
            let transport = try CurlTransport()
            defer { transport.shutdown() }
            let (clock, log) = (ManualClock(), LogCapture(level: .info))
            let cache = JSONWebKeySetCache(
                source: .url(try EndpointURL(resource: server.url + "/keys?p=1")),
                transport: transport,
                userAgent: "portald/test",
                timeout: .seconds(600),
                clock: clock,
                randomness: { 0.5 },
                logger: log.logger
            )
            try await body(
                World(
                    issuer: issuer,
                    server: server,
                    cache: cache,
                    clock: clock,
                    log: log,
                    verifier: try await TokenVerifier(keys: keys, keySet: cache, rules: ClaimRules())
                )
            )
        }
    }

    @Test func readsTheSetAndAsksForNothingMore() async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")], ["Cache-Control": "public, max-age=1000"])
            #expect(await world.cache.refreshOnce() == .seconds(800))
            #expect(try await world.verify("a") == UserID("user-1"))
            #expect(try await world.verify(nil) == UserID("user-1"))
            #expect(world.server.received.count == 1)
            let request = world.server.received[0]
            #expect(request.requestLine == "GET /keys?p=1 HTTP/1.1")
            #expect(request.header("Authorization") == nil)
            #expect(request.header("User-Agent") == "portald/test")
            #expect(request.header("Accept") == "application/jwk-set+json, application/json")
        }
    }

    @Test func keepsTheLastGoodSetWhileTheIssuerIsDown() async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")])
            await world.cache.refreshOnce()
            world.issuer.isDown()
            let pauses = [0.75, 1.5, 3, 6, 12, 24, 45, 45].map(Duration.seconds)
            for pause in pauses {
                #expect(await world.cache.refreshOnce() == pause)
                #expect(try await world.verify("a") == UserID("user-1"))
            }
            #expect(world.log.complaints.count == 1)
            #expect(world.log.complaints[0].message.contains("the last good one is used"))
            world.issuer.publishes([Self.key("b")])
            await world.cache.refreshOnce()
            #expect(world.log.messages.contains("the issuer's key set can be read again"))
            #expect(try await world.verify("b") == UserID("user-1"))
            await #expect(throws: TokenError.keyUnknown) { try await world.verify("a") }
        }
    }

    @Test(arguments: [
        #"{"keys":[]}"#, "{}", "", "<html>", #"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, #"{"keys":[{"kty":"X"}]}"#,
        #"{"keys":[],"keys":[]}"#,
    ])
    func aSetWithoutAKeyReplacesNoGoodOne(_ body: String) async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")])
            await world.cache.refreshOnce()
            world.issuer.answers(RawServer.reply(200, [:], body))
            await world.cache.refreshOnce()
            #expect(try await world.verify("a") == UserID("user-1"))
            #expect(world.log.complaints.count == 1)
            #expect(!world.log.text.contains("c2VjcmV0"))
        }
    }

    @Test(arguments: [
        RawServer.reply(404, [:], "{}"), RawServer.reply(302, ["Location": "http://127.0.0.1:9/keys"]),
        RawServer.reply(500), RawServer.reply(200, [:], String(repeating: " ", count: (256 << 10) + 1)),
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "nonsense\r\n\r\n",
    ])
    func aBadReplyIsNoSet(_ reply: String) async throws {
        try await withWorld { world async throws in
            world.issuer.answer.withLockedValue { $0 = .sendAndClose(reply) }
            await world.cache.refreshOnce()
            #expect(world.cache.keyring == nil)
            #expect(world.log.complaints.count == 1)
            await #expect(throws: TokenError.keySetMissing) { try await world.verify("a") }
        }
    }

    @Test func anUnknownKeyIsLookedForAtOnceButNotOften() async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")])
            await world.cache.refreshOnce()
            world.issuer.publishes([Self.key("a"), Self.key("b")])
            #expect(try await world.verify("b") == UserID("user-1"))
            #expect(world.server.received.count == 2)
            for number in 0..<100 {
                await #expect(throws: TokenError.keyUnknown) { try await world.verify("made-up-\(number)") }
            }
            #expect(world.server.received.count == 2)
            world.clock.advance(by: .seconds(30))
            await #expect(throws: TokenError.keyUnknown) { try await world.verify("made-up") }
            #expect(world.server.received.count == 3)
        }
    }

    @Test func thoseWhoWaitForOneKeyShareOneFetch() async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")])
            try await withThrowingTaskGroup(of: UserID.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await world.verify("a") }
                }
                let expected = try UserID("user-1")
                for try await user in group {
                    #expect(user == expected)
                }
            }
            #expect(world.server.received.count == 1)
        }
    }

    @Test func aTokenThatNoPublishedKeyCanHaveSignedCausesNoFetch() async throws {
        try await withWorld(keys: [TokenKey(secret: TestSigner.secret)]) { world async throws in
            let signer = try await TestSigner.hs256()
            #expect(try await world.verifier.verifyFetchingKeys(signer.token(), now: Claims.now) == UserID("user-1"))
            let other = try await TestSigner.hs256(secret: String(repeating: "other", count: 8))
            for header in [#"{"alg":"HS256","kid":"x"}"#, #"{"alg":"none","kid":"x"}"#, #"{"alg":"ES512","kid":"x"}"#] {
                await #expect(throws: TokenError.self) {
                    try await world.verifier.verifyFetchingKeys(other.token(header: header), now: Claims.now)
                }
            }
            #expect(world.server.received.isEmpty)
        }
    }

    @Test func ownKeysAndTheIssuersStandSideBySide() async throws {
        try await withWorld(keys: try TestKeys.all()) { world async throws in
            // The own keys suffice: the issuer is not asked.
            for name in TestSigner.acceptedNames {
                let token = try await TestSigner.accepted(name).token(header: #"{"alg":"\#(name)","kid":"any"}"#)
                #expect(try await world.verifier.verifyFetchingKeys(token, now: Claims.now) == UserID("user-1"))
            }
            #expect(world.server.received.isEmpty)
        }
    }

    @Test func aBadKeyOfTheIssuersIsPassedOverAndToldOnce() async throws {
        try await withWorld { world async throws in
            var bad = WebKeys.rsa
            bad["d"] = "c2VjcmV0"
            world.issuer.publishes([bad, Self.key("a")])
            await world.cache.refreshOnce()
            await world.cache.refreshOnce()
            #expect(try await world.verify("a") == UserID("user-1"))
            #expect(world.log.complaints.count == 1)
            #expect(world.log.complaints[0].fields["cause"]?.hasPrefix("key 1 cannot be used: it is a private key") == true)
            #expect(!world.log.text.contains("c2VjcmV0"))
            world.issuer.publishes([bad, Self.key("b")])
            await world.cache.refreshOnce()
            #expect(world.log.complaints.count == 2)
        }
    }

    @Test func itsServiceReadsAheadOfExpiry() async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")], ["Cache-Control": "max-age=100"])
            let (cache, clock) = (world.cache, world.clock)
            await withTaskGroup { group in
                group.addTask { await cache.run() }
                var requests = world.server.requests.makeAsyncIterator()
                _ = await requests.next()
                await clock.sleepers(1, within: .seconds(80))
                clock.advance(by: .seconds(80))
                _ = await requests.next()
                group.cancelAll()
            }
            #expect(world.server.received.count == 2)
        }
    }

    @Test func aFileIsReadAgain() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(WebKeys.set([Self.key("a")]).utf8).write(to: file)
        let (log, transport) = (LogCapture(level: .info), try CurlTransport())
        defer { transport.shutdown() }
        let cache = JSONWebKeySetCache(
            source: .file(file.path),
            transport: transport,
            userAgent: "portald/test",
            randomness: { 0.5 },
            logger: log.logger
        )
        let verifier = try await TokenVerifier(keys: [], keySet: cache, rules: ClaimRules())
        func verify(_ id: String) async throws -> UserID {
            let token = try await TestSigner.accepted("ES256").token(header: #"{"alg":"ES256","kid":"\#(id)"}"#)
            return try await verifier.verifyFetchingKeys(token, now: Claims.now)
        }
        #expect(await cache.refreshOnce() == .seconds(48))
        #expect(try await verify("a") == UserID("user-1"))
        try Data(WebKeys.set([Self.key("b")]).utf8).write(to: file)
        #expect(try await verify("b") == UserID("user-1"))
        // One bad key spoils the file, of which somebody can be told.
        var bad = Self.key("c")
        bad["d"] = "AA"
        try Data(WebKeys.set([bad, Self.key("d")]).utf8).write(to: file)
        await cache.refreshOnce()
        #expect(try await verify("b") == UserID("user-1"))
        try FileManager.default.removeItem(at: file)
        await cache.refreshOnce()
        #expect(try await verify("b") == UserID("user-1"))
        #expect(log.complaints.map { $0.fields["cause"] ?? "" }.first?.contains("key 1 (kid c)") == true)
    }

    @Test func pausesAreSpread() {
        #expect(RefreshPause.ahead(ofExpiry: 1000, randomness: 0) == .seconds(750))
        #expect(RefreshPause.ahead(ofExpiry: 1000, randomness: 1) == .seconds(850))
        #expect(RefreshPause.after(failures: 1, randomness: 0) == .seconds(0.5))
        #expect(RefreshPause.after(failures: .max, randomness: 1) == .seconds(60))
    }

    @Test(arguments: [
        ([:], 600), (["Cache-Control": "max-age=3600"], 3600), (["Cache-Control": "public,MAX-AGE=3600 , x"], 3600),
        (["Cache-Control": "max-age=1"], 60), (["Cache-Control": "max-age=99999999999999999999"], 86_400),
        (["Cache-Control": "max-age=-5"], 600), (["Cache-Control": "max-age="], 600), (["Cache-Control": "no-store"], 60),
        (["Cache-Control": "max-age=3600, no-cache"], 60), (["Cache-Control": "s-maxage=7"], 600),
        (["Expires": "Sun, 06 Nov 1994 09:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"], 3600),
        (["Expires": "0", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"], 600),
        (["Expires": "Sun, 06 Nov 1994 07:49:37 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"], 60),
    ])
    func theReplySaysHowLongItIsFresh(_ headers: [String: String], _ seconds: Int) async throws {
        try await withWorld { world async throws in
            world.issuer.publishes([Self.key("a")], headers)
            #expect(await world.cache.refreshOnce() == .seconds(Double(seconds) * 0.8))
        }
    }
}
