import GRDB
import NIOConcurrencyHelpers
import Stripe
import TestSupport
import Testing

@testable import MirrorStore

/// Waiting for what comes into the mirror.
@Suite(.timeLimit(.minutes(10))) struct ArrivalTests {
    private static let user = UserID(stored: "alice")

    private static func subscription(_ id: String = "sub_1", of customer: String = "cus_1") -> TestEvent {
        let object = TestEvent.subscription(id, customer: customer)
        return TestEvent(id: "evt_\(id)", type: "customer.subscription.created", object: object)
    }

    private static func customer(_ id: String = "cus_1") -> TestEvent {
        TestEvent(id: "evt_\(id)", type: "customer.created", object: TestEvent.customer(id))
    }

    private static func session(user: String?, subscription: String? = "sub_1", customer: String? = "cus_1") -> TestEvent {
        func text(_ value: String?) -> String { value.map { #""\#($0)""# } ?? "null" }
        return TestEvent(
            id: "evt_cs_1",
            type: "checkout.session.completed",
            object:
                #"{"id":"cs_1","object":"checkout.session","client_reference_id":\#(text(user)),"customer":\#(text(customer)),"subscription":\#(text(subscription))}"#
        )
    }

    private static func arrival(_ id: String) throws -> Arrival { try #require(Arrival(id)) }

    /// Waits until somebody waits: then it sleeps for as long as it may wait.
    private static func somebodyWaits(on clock: ManualClock) async {
        await clock.sleepers(1, within: .seconds(3))
    }

    @Test func idsAreOfSessionsAndEvents() {
        for id in ["cs_test_a1B2", "cs_1", "evt_1NG8Du"] { #expect(Arrival(id)?.id == id) }
        for text in ["", "cs_", "evt_", "sub_1", "cs_1 ", "cs_1/..", "evt_é", "evt_\n", "CS_1", "cs_" + String(repeating: "a", count: 253)] {
            #expect(Arrival(text) == nil, "\(text)")
        }
    }

    /// The clock stands, so that only what comes in can end a wait.
    @Test(arguments: 0..<50)
    func anEventWakesWhoeverWaits(_ round: Int) async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            async let seen = watch.wait(for: Self.arrival("evt_cus_1"), by: Self.user)
            // In half of the rounds at once: before, while or after the place is taken.
            if round.isMultiple(of: 2) { await Self.somebodyWaits(on: clock) }
            try await mirror.deliver(Self.customer())
            #expect(try await seen)
            #expect(mirror.store.arrivals.count == 0)
        }
    }

    @Test(arguments: ["customer", "subscription", "session"])
    func aSessionIsSeenWithAllThatItNames(last: String) async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            let events = ["customer": Self.customer(), "subscription": Self.subscription(), "session": Self.session(user: nil)]
            let done = NIOLockedValueBox(false)
            async let seen = {
                defer { done.withLockedValue { $0 = true } }
                return try await watch.wait(for: Self.arrival("cs_1"), by: Self.user)
            }()
            await Self.somebodyWaits(on: clock)
            for (name, event) in events.sorted(by: { $0.key > $1.key }) where name != last {
                try await mirror.deliver(event)
            }
            #expect(!done.withLockedValue { $0 })
            try await mirror.deliver(try #require(events[last]))
            #expect(try await seen)
        }
    }

    @Test func aSessionThatNamesItsUserNeedsNoCustomer() async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            try await mirror.deliver(Self.session(user: "alice"))
            async let seen = watch.wait(for: Self.arrival("cs_1"), by: Self.user)
            await Self.somebodyWaits(on: clock)
            try await mirror.deliver(Self.subscription())
            #expect(try await seen)
        }
    }

    @Test func aReadOfTheSubscriptionWakesToo() async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            try await mirror.deliver(Self.session(user: "alice"))
            async let seen = watch.wait(for: Self.arrival("cs_1"), by: Self.user)
            await Self.somebodyWaits(on: clock)
            let reads = ObjectReadsTests.reads(mirror.store)
            let token = try await reads.token(at: ObjectReadsTests.now + 10)
            let reply = try ObjectReadsTests.reply(Self.subscription().object, token)
            #expect(try await reads.finish(reply, for: .refresh, at: ObjectReadsTests.now + 11) == .applied)
            #expect(try await seen)
        }
    }

    @Test func whatCameInBeforeIsSeenAtOnce() async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            try await mirror.deliver(Self.session(user: nil, subscription: nil, customer: nil))
            #expect(try await watch.wait(for: Self.arrival("cs_1"), by: Self.user))
            #expect(try await watch.wait(for: Self.arrival("evt_cs_1"), by: Self.user))
            // Of a time before sessions were kept by themselves.
            try await mirror.store.write { db in try db.execute(sql: "DELETE FROM checkouts") }
            #expect(try await watch.wait(for: Self.arrival("cs_1"), by: Self.user))
        }
    }

    @Test func aWaitEndsWithItsTime() async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            async let seen = watch.wait(for: Self.arrival("cs_1"), by: Self.user)
            await Self.somebodyWaits(on: clock)
            clock.advance(by: .seconds(3))
            #expect(try await !seen)
            #expect(mirror.store.arrivals.count == 0)
        }
    }

    @Test func aWaitEndsWithItsTask() async throws {
        try await TestMirror.with { mirror async throws in
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            try await withThrowingTaskGroup(of: Bool.self) { group async throws in
                group.addTask { try await watch.wait(for: Self.arrival("cs_1"), by: Self.user) }
                await Self.somebodyWaits(on: clock)
                group.cancelAll()
                // It ends, be it while it waits or while it looks.
                _ = await group.nextResult()
            }
            #expect(mirror.store.arrivals.count == 0)
        }
    }

    @Test func veryManyAreNotKeptWaiting() async throws {
        try await TestMirror.with { mirror async throws in
            let arrivals = mirror.store.arrivals
            let places = (0..<Arrivals.capacity).compactMap { number in
                arrivals.takePlace(for: ["evt_1"], by: UserID(stored: "user \(number)"))
            }
            #expect(places.count == Arrivals.capacity)
            let clock = ManualClock()
            let watch = ArrivalWatch(store: mirror.store, clock: clock)
            #expect(try await !watch.wait(for: Self.arrival("cs_1"), by: Self.user))
            places.forEach(arrivals.leave)
            #expect(arrivals.count == 0)
        }
    }

    @Test func nobodyTakesAllPlaces() throws {
        let arrivals = Arrivals()
        let places = (0..<Arrivals.capacityOfUser).compactMap { _ in arrivals.takePlace(for: ["evt_1"], by: Self.user) }
        #expect(places.count == Arrivals.capacityOfUser)
        #expect(arrivals.takePlace(for: ["evt_2"], by: Self.user) == nil)
        #expect(arrivals.takePlace(for: ["evt_2"], by: UserID(stored: "bob")) != nil)
        // A place that is given back twice counts once.
        for _ in 0..<2 { arrivals.leave(places[0]) }
        #expect(arrivals.takePlace(for: ["evt_2"], by: Self.user) != nil)
        #expect(arrivals.takePlace(for: ["evt_2"], by: Self.user) == nil)
    }

    @Test func onlyWhoeverWaitsForItIsWoken() async throws {
        let arrivals = Arrivals()
        let place = try #require(arrivals.takePlace(for: ["evt_1"], by: Self.user))
        arrivals.wait(in: place, for: ["sub_1", "cus_1"])
        arrivals.announce(["evt_1", "sub_2"])
        arrivals.leave(place)
        var wakes = 0
        for await _ in place.wakes { wakes += 1 }
        #expect(wakes == 0)
    }
}
