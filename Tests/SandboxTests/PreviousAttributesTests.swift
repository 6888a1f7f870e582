import Testing

@testable import Sandbox

@Suite struct PreviousAttributesTests {
    @Test(arguments: 0..<500)
    func rewindingGivesTheOldObject(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let old = Self.object(&random, depth: 0)
        let new = Self.changed(old, &random, depth: 0)
        let previous = PreviousAttributes.difference(from: old, to: new)
        #expect(Self.rewound(new, previous).normalized == old.normalized)
        #expect(previous.members.isEmpty == (old.sorted == new.sorted))
    }

    /// Every real update of a long random life can be rewound too.
    @Test func rewindingAccountHistoriesGivesTheObjectBefore() async throws {
        try await withSandbox { sandbox, _ in
            var random = SeededGenerator(seed: 7)
            let customer = try sandbox.createCustomer()["id"]!.string!
            let id = try sandbox.createSubscription([
                "customer": .text(customer), "items": [["price": .text(SandboxPrices.basic)]],
            ])["id"]!.string!
            let item = sandbox.subscription(id)!.at("items.data.0.id")!.string!
            let changes: [StripeParameters] = [
                ["cancel_at_period_end": true], ["cancel_at_period_end": false], ["metadata": ["a": "1"]],
                ["metadata": ["a": "", "b": "2"]], ["metadata": ""], ["pause_collection": ["behavior": "void"]],
                ["pause_collection": ""], ["description": "d"], ["description": ""],
                ["items": [["id": .text(item), "price": .text(SandboxPrices.team)]]],
                ["items": [["id": .text(item), "price": .text(SandboxPrices.basic), "quantity": 3]]],
            ]
            for _ in 0..<120 {
                try sandbox.updateSubscription(id, changes.randomElement(using: &random)!)
                // A scheduled end would end the history.
                try sandbox.updateSubscription(id, ["cancel_at_period_end": false])
                sandbox.advanceClock(by: Int.random(in: 0..<100_000, using: &random))
            }
            let history = sandbox.events().filter { $0.at("data.object.id") == .string(id) }
            #expect(history.count > 60)
            for (before, after) in zip(history, history.dropFirst()) {
                let object = after.at("data.object")!.object!
                let previous = after.at("data.previous_attributes")!.object!
                #expect(Self.rewound(object, previous).normalized == before.at("data.object")!.object!.normalized)
            }
        }
    }

    private static func rewound(_ new: JSONObject, _ previous: JSONObject) -> JSONObject {
        var old = new
        for member in previous.members {
            if case .object(let nested) = member.value, case .object(let present)? = new[member.name] {
                old[member.name] = .object(rewound(present, nested))
            } else {
                old[member.name] = member.value
            }
        }
        return old
    }

    private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .integer(.random(in: -3...3, using: &random))
        case 3: .string(["", "a", "b\"\\\n"].randomElement(using: &random)!)
        case 4: .array((0..<2).map { _ in .integer(.random(in: 0...1, using: &random)) })
        default: .object(object(&random, depth: depth + 1))
        }
    }

    private static func object(_ random: inout SeededGenerator, depth: Int) -> JSONObject {
        var object = JSONObject()
        for name in ["a", "b", "c", "d"] where Bool.random(using: &random) {
            object[name] = value(&random, depth: depth)
        }
        return object
    }

    private static func changed(_ old: JSONObject, _ random: inout SeededGenerator, depth: Int) -> JSONObject {
        var new = old
        for name in ["a", "b", "c", "d"] {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: new[name] = value(&random, depth: depth)
            case 1: new[name] = nil
            case 2:
                if case .object(let nested) = new[name] {
                    new[name] = .object(changed(nested, &random, depth: depth + 1))
                }
            default: break
            }
        }
        return new
    }
}

extension JSONObject {
    /// Null and absent are one, as the mirror compares objects.
    fileprivate var normalized: JSONObject {
        JSONObject(
            sorted.members.filter { $0.value != .null }.map { member in
                guard case .object(let nested) = member.value else { return (member.name, member.value) }
                return (member.name, .object(nested.normalized))
            }
        )
    }
}
