import MirrorStore
import Stripe
import Sync
import Testing

@Suite(.timeLimit(.minutes(10))) struct WebhookIntakeTests {
    @Test func takesInAnEvent() async throws {
        try await RunningMirror.run { mirror in
            let receipt = try await mirror.receive(Events.customer())
            #expect(receipt.outcome == .applied)
            #expect(receipt.event.id == "evt_1")
            #expect(receipt.objectID == "cus_1")
            let found = try #require(try mirror.log.event("evt_1"))
            #expect(found.payload == Events.customer())
            #expect(found.entry.source == "webhook")
            #expect(found.entry.receivedAt == Events.now)
            #expect(found.entry.created == Events.now - 10)
            #expect(found.entry.apiVersion == "2026-03-25.dahlia")
            #expect(try await mirror.customers(of: "alice") == ["cus_1"])
        }
    }

    @Test func knowsAnEventAgain() async throws {
        try await RunningMirror.run { mirror in
            var outcomes: [Outcome] = []
            for user in ["alice", "alice", "mallory"] {
                outcomes.append(try await mirror.receive(Events.customer(user: user)).outcome)
            }
            #expect(outcomes == [.applied, .duplicate, .duplicate])
            #expect(try await mirror.customers(of: "mallory").isEmpty)
        }
    }

    @Test func keepsNothingThatIsNotSigned() async throws {
        let body = Events.customer()
        let valid = try Events.signature(of: body)
        let cases: [(header: String?, error: WebhookSignatureError)] = [
            (nil, .headerMissing), ("", .headerMissing), ("v1=00", .noTimestamp), ("t=1,\(valid)", .ambiguousTimestamp),
            ("t=x,v1=00", .invalidTimestamp), ("t=\(Events.now)", .noSignature), ("t=\(Events.now),v1=00", .noMatch),
            (try Events.signature(of: body + " "), .noMatch),
            (try Events.signature(of: body, with: "whsec_other"), .noMatch),
            (try Events.signature(of: body, at: Events.now - 301), .outsideTolerance(age: 301)),
            (try Events.signature(of: body, at: Events.now + 301), .outsideTolerance(age: -301)),
        ]
        try await RunningMirror.run { mirror in
            for (header, error) in cases {
                await #expect(throws: WebhookError.signature(error)) {
                    try await mirror.intake.receive(body: Array(body.utf8), signature: header, now: Double(Events.now))
                }
            }
            let entries = try mirror.entries()
            #expect(entries.isEmpty)
        }
    }

    @Test(arguments: [Int64(-300), 300]) func acceptsTheToleranceItself(offset: Int64) async throws {
        try await RunningMirror.run { mirror in
            let body = Events.customer()
            let signature = try Events.signature(of: body, at: Events.now + offset)
            let receipt = try await mirror.intake.receive(
                body: Array(body.utf8),
                signature: signature,
                now: Double(Events.now)
            )
            #expect(receipt.outcome == .applied)
        }
    }

    @Test func acceptsEitherSecretWhileOneIsRolled() async throws {
        try await RunningMirror.run { mirror in
            for (id, secret) in [("evt_old", Events.secret), ("evt_new", Events.nextSecret)] {
                let body = Events.customer(id, customer: "cus_\(id)")
                let signature = try Events.signature(of: body, with: secret)
                let receipt = try await mirror.intake.receive(
                    body: Array(body.utf8),
                    signature: signature,
                    now: Double(Events.now)
                )
                #expect(receipt.outcome == .applied)
            }
        }
    }

    @Test(arguments: [
        ("", JSONError.malformed(offset: 0)), ("{", .malformed(offset: 1)), ("[]", .missing(member: "object")),
        ("{}", .missing(member: "object")),
        (#"{"object":"customer","id":"cus_1","type":"x","livemode":false}"#, .mismatch(member: "object", expected: "'event' or 'v2.core.event'")),
        (#"{"object":"event","type":"x","livemode":false}"#, .missing(member: "id")),
        (
            Events.customer().replacing(#""livemode":false,"api_version""#, with: #""livemode":"no","api_version""#),
            .mismatch(member: "livemode", expected: "true or false")
        ),
        (Events.customer() + "x", .malformed(offset: Events.customer().utf8.count)),
    ])
    func keepsNothingThatIsNoEvent(_ body: String, error: JSONError) async throws {
        try await RunningMirror.run { mirror in
            await #expect(throws: WebhookError.body(error)) { try await mirror.receive(body) }
            let entries = try mirror.entries()
            #expect(entries.isEmpty)
        }
    }

    @Test(arguments: [
        (Events.customer().replacing("\"livemode\":false", with: "\"livemode\":true"), false, "of live mode, the mirror is not"),
        (Events.customer(), true, "of test mode, the mirror is not"),
        (Events.customer().replacing("\"request\"", with: #""account":"acct_1","request""#), false, "of a connected account"),
        (Events.thin.replacing("\"livemode\":false", with: #""livemode":false,"context":"acct_1""#), false, "of a connected account"),
    ])
    func ignoresWhatIsNotTheMirrorsOwn(_ body: String, mirrorIsLive: Bool, reason: String) async throws {
        try await RunningMirror.run(livemode: mirrorIsLive) { mirror in
            let receipt = try await mirror.receive(body)
            #expect(receipt.outcome == .ignored)
            #expect(receipt.objectID == nil)
            let found = try #require(try mirror.log.event(receipt.event.id))
            #expect(found.payload == nil)
            #expect(found.entry.error == reason)
            #expect(try await mirror.customers(of: "alice").isEmpty)
        }
    }

    @Test(arguments: [
        Events.customer().replacing("\"object\":\"customer\"", with: "\"object\":\"invoice\""),
        Events.customer().replacing("customer.created", with: "ping").replacing("\"object\":\"customer\"", with: "\"object\":\"x\""),
        Events.thin.replacing("\"type\":\"customer\"", with: "\"type\":\"billing.meter\""),
    ])
    func keepsNoPayloadOfWhatTheMirrorDoesNotHold(_ body: String) async throws {
        try await RunningMirror.run { mirror in
            let receipt = try await mirror.receive(body)
            #expect(receipt.outcome == .ignored)
            let found = try #require(try mirror.log.event(receipt.event.id))
            #expect(found.payload == nil)
            #expect(found.entry.error == nil)
        }
    }

    /// It carries no state; a read of its object will settle it.
    @Test func keepsAThinEventPending() async throws {
        try await RunningMirror.run { mirror in
            let receipt = try await mirror.receive(Events.thin)
            #expect(receipt.outcome == .pending)
            #expect(receipt.objectID == "cus_1")
            let status = try MirrorStatus(of: mirror.store, now: 0)
            #expect(status.pendingObjects == 1)
            #expect(status.customers.total == 0)
            #expect(try await mirror.receive(Events.thin).outcome == .duplicate)
        }
    }

    @Test func keepsAFailedEventUntilItCanBeApplied() async throws {
        let broken = Events.customer().replacing(#"{"user_id":"alice"}"#, with: "\"none\"")
        try await RunningMirror.run { mirror in
            let receipt = try await mirror.receive(broken)
            #expect(receipt.outcome == .failed)
            #expect(receipt.objectID == "cus_1")
            let failed = try #require(try mirror.log.event("evt_1"))
            #expect(failed.entry.outcome == "failed")
            #expect(failed.entry.error == "member 'metadata' is not an object")
            #expect(failed.payload == broken)

            #expect(try await mirror.receive(broken).outcome == .failed)
            #expect(try mirror.entries().count == 1)

            #expect(try await mirror.receive(Events.customer()).outcome == .applied)
            let applied = try #require(try mirror.log.event("evt_1"))
            #expect(applied.entry.outcome == "applied")
            #expect(applied.entry.error == nil)
            #expect(applied.entry.objectID == "cus_1")
            #expect(applied.payload == Events.customer())
            #expect(try await mirror.customers(of: "alice") == ["cus_1"])
        }
    }

    /// One that cannot be applied is no obstacle for those that share its transaction.
    @Test func isolatesAFailedEvent() async throws {
        try await RunningMirror.run { mirror in
            let outcomes = try await withThrowingTaskGroup { group in
                for index in 0..<60 {
                    group.addTask {
                        let body = Events.customer("evt_\(index)", customer: "cus_\(index)", user: "user-\(index)")
                        let isBroken = index.isMultiple(of: 3)
                        let receipt = try await mirror.receive(
                            isBroken ? body.replacing("\"metadata\":{", with: "\"metadata\":7,\"m\":{") : body
                        )
                        return (isBroken, receipt.outcome)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count == 60)
            #expect(outcomes.allSatisfy { $0.1 == ($0.0 ? .failed : .applied) })
            #expect(try MirrorStatus(of: mirror.store, now: 0).customers.total == 40)
        }
    }

    @Test func saysThatTheStoreIsClosed() async throws {
        try await RunningMirror.run { mirror in
            try mirror.store.close()
            let error = await #expect(throws: WebhookError.self) { try await mirror.receive(Events.customer()) }
            guard case .store(.sqlite) = error else {
                Issue.record("not an error of the store: \(String(describing: error))")
                return
            }
        }
    }

    @Test func saysThatTheWriterHasStopped() async throws {
        let mirror = try await RunningMirror.run { $0 }
        await #expect(throws: WebhookError.store(.stopped)) { try await mirror.receive(Events.customer()) }
    }
}
