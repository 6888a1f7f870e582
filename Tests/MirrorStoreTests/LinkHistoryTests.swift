import GRDB
import Stripe
import Testing

@testable import MirrorStore

/// Random histories of claims and decisions against a model that only knows who says what.
@Suite(.timeLimit(.minutes(10))) struct LinkHistoryTests {
    private static let start = 1_700_000_000
    private static let users = ["alice", "bob", "carol"]
    private static let customers = ["cus_1", "cus_2"]

    private struct Pair: Hashable {
        var user: String
        var customer: String
    }

    /// Who says what; every answer is worked out anew.
    private struct Model {
        var claims: [String: Pair] = [:]
        var linked: [String: String] = [:]
        var unlinked: Set<Pair> = []

        func owners(of customer: String) -> Set<String> {
            if let owner = linked[customer] { return [owner] }
            let claimed = claims.values.filter { $0.customer == customer && !unlinked.contains($0) }
            return Set(claimed.map(\.user))
        }

        /// What each user may open: a customer alone, or one that is shared and so closed.
        var reach: [String] {
            LinkHistoryTests.customers.flatMap { customer in
                let owners = owners(of: customer)
                return owners.map { "\($0) \(customer) \(owners.count > 1 ? "shared" : "alone")" }
            }.sorted()
        }
    }

    private struct Step {
        var random: SplitMix64
        var model = Model()

        mutating func pick<Element>(_ elements: [Element]) -> Element {
            elements[Int(random.next() % UInt64(elements.count))]
        }

        /// Changes the mirror and the model alike.
        mutating func take(_ mirror: TestMirror, at now: Double) async throws {
            let pair = Pair(user: pick(users), customer: pick(customers))
            switch random.next() % 8 {
            case 0, 1: try await claim(mirror, TestEvent.customer(pair.customer, user: pair.user), pair.customer, pair, at: now)
            case 2: try await claim(mirror, TestEvent.customer(pair.customer), pair.customer, nil, at: now)
            case 3:
                // A subscription may name another customer than before, which takes its claim along.
                let object = TestEvent.subscription("sub_1", customer: pair.customer, user: pair.user)
                try await claim(mirror, object, "sub_1", pair, at: now)
            case 4: try await checkout(mirror, "cs_\(pick([1, 2]))", pair, at: now)
            case 5: try await decide(mirror, pair, .linked, at: now)
            case 6: try await decide(mirror, pair, .unlinked, at: now)
            default: try await decide(mirror, pair, .undone, at: now)
            }
        }

        private mutating func claim(_ mirror: TestMirror, _ object: String, _ claimant: String, _ pair: Pair?, at now: Double) async throws {
            let parsed = try #require(try MirroredObject(JSON(parsing: Array(object.utf8))))
            try await mirror.store.write { db in
                try LinkClaimTable(db: db, metadataKey: "user_id").claim(by: parsed, event: "evt_\(Int(now))", at: now)
            }
            model.claims[claimant] = pair
        }

        private mutating func checkout(_ mirror: TestMirror, _ id: String, _ pair: Pair, at now: Double) async throws {
            var session = TestEvent.checkout(id, user: pair.user, customer: pair.customer)
            session.id = "evt_\(Int(now))"
            try await mirror.deliver(session, at: now)
            model.claims[id] = pair
        }

        private mutating func decide(_ mirror: TestMirror, _ pair: Pair, _ change: LinkChange, at now: Double) async throws {
            let links = UserLinks(store: mirror.store)
            let user = try UserID(pair.user)
            switch change {
            case .linked:
                _ = try await links.link(user, to: pair.customer, at: now)
                model.linked[pair.customer] = pair.user
                model.unlinked.remove(pair)
            case .unlinked:
                _ = try await links.unlink(user, from: pair.customer, at: now)
                model.unlinked.insert(pair)
            default:
                _ = try await links.undo(user, pair.customer, at: now)
                model.unlinked.remove(pair)
            }
            if change != .linked, model.linked[pair.customer] == pair.user {
                model.linked[pair.customer] = nil
            }
        }
    }

    private static func reach(_ mirror: TestMirror, at time: Double?) async throws -> [String] {
        let reader = MirrorReader(store: mirror.store)
        var lines: [String] = []
        for user in users {
            let customers =
                if let time {
                    try await reader.record(of: UserID(user), at: time, limit: 1).snapshot.customers
                } else {
                    try await reader.snapshot(of: UserID(user)).customers
                }
            lines += customers.map { "\(user) \($0.id) \($0.isClaimedByOthers ? "shared" : "alone")" }
        }
        return lines.sorted()
    }

    /// What `portald links` says of who may open what.
    private static func standings(_ mirror: TestMirror) throws -> [String] {
        var lines: Set<String> = []
        try UserLinks(store: mirror.store).forEach(.init()) { link in
            switch link.standing {
            case .inForce: lines.insert("\(link.user) \(link.customer) alone")
            case .conflict: lines.insert("\(link.user) \(link.customer) shared")
            case .agrees, .overruled, .unlinked: break
            }
        }
        return lines.sorted()
    }

    @Test(arguments: 1...24)
    func theMirrorSaysWhatTheModelSays(seed: Int) async throws {
        try await TestMirror.with { mirror async throws in
            var step = Step(random: SplitMix64(name: "links \(seed)"))
            var past: [[String]] = []
            for number in 0..<40 {
                try await step.take(mirror, at: Double(Self.start + number))
                let expected = step.model.reach
                #expect(try await Self.reach(mirror, at: nil) == expected, "seed \(seed), step \(number)")
                #expect(try Self.standings(mirror) == expected, "seed \(seed), step \(number)")
                let conflicts = Self.customers.filter { step.model.owners(of: $0).count > 1 }
                #expect(try mirror.strings("SELECT customer FROM link_conflicts ORDER BY 1") == conflicts)
                #expect(try mirror.strings("SELECT DISTINCT user_id || ' ' || customer FROM user_links").count == expected.count)
                past.append(expected)
            }
            // The ledger says the same of every moment.
            for (number, expected) in past.enumerated() {
                let then = try await Self.reach(mirror, at: Double(Self.start + number) + 0.5)
                #expect(then == expected, "seed \(seed), as of step \(number)")
            }
        }
    }
}
