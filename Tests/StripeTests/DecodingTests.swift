import Foundation
import TestSupport
import Testing

@testable import Stripe

@Suite struct DecodingTests {
    func json(_ text: String) throws -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    @Test func periodsComeFromTheTopLevelOrTheItems() throws {
        let items = """
            "items":{"object":"list","has_more":false,"data":[
            {"id":"si_1","price":{"id":"price_1","product":"prod_1"},"quantity":2,
             "current_period_start":10,"current_period_end":20},
            {"id":"si_2","price":{"id":"price_2","product":{"id":"prod_2"}},
             "current_period_start":5,"current_period_end":30}]}
            """
        let basil = try Subscription(json(#"{"id":"sub_1","status":"active","customer":"cus_1",\#(items)}"#))
        #expect(basil.currentPeriodStart == 5)
        #expect(basil.currentPeriodEnd == 30)
        #expect(basil.items.map(\.price?.product) == ["prod_1", "prod_2"])
        #expect(basil.items.map(\.quantity) == [2, nil])
        let older = try Subscription(
            json(#"{"id":"sub_1","status":"active","current_period_start":1,"current_period_end":2,\#(items)}"#)
        )
        #expect(older.currentPeriodStart == 1)
        #expect(older.currentPeriodEnd == 2)
        let neither = try Subscription(json(#"{"id":"sub_1","status":"incomplete","customer":null}"#))
        #expect(neither.currentPeriodEnd == nil)
        #expect(neither.customer == nil)
    }

    @Test func customerIsAnIDOrAnObject() throws {
        for customer in [#""cus_1""#, #"{"id":"cus_1","object":"customer","email":"a"}"#, #"{"id":"cus_1","deleted":true}"#] {
            #expect(try Subscription(json(#"{"id":"sub_1","status":"x","customer":\#(customer)}"#)).customer == "cus_1")
        }
    }

    @Test func unknownStatusesAreKept() throws {
        let subscription = try Subscription(json(#"{"id":"sub_1","status":"hibernating"}"#))
        #expect(subscription.status.rawValue == "hibernating")
        #expect(!subscription.status.isFinal)
    }

    @Test func aDeletedCustomerIsAStub() throws {
        let customer = try Customer(json(#"{"id":"cus_1","object":"customer","deleted":true}"#))
        #expect(customer.deleted)
        #expect(customer.livemode == nil)
    }

    @Test func moreItemsAreNoticed() throws {
        let subscription = try Subscription(
            json(#"{"id":"sub_1","status":"active","items":{"data":[],"has_more":true}}"#)
        )
        #expect(subscription.hasMoreItems)
    }

    @Test(arguments: [
        (#"{"status":"active"}"#, JSONError.missing(member: "id")),
        (#"{"id":"sub_1"}"#, .missing(member: "status")),
        (#"{"id":"sub_1","status":5}"#, .mismatch(member: "status", expected: "a string")),
        (#"{"id":"sub_1","status":"a","cancel_at":"soon"}"#, .mismatch(member: "cancel_at", expected: "an integer")),
        (#"{"id":"sub_1","status":"a","customer":5}"#, .mismatch(member: "customer", expected: "an id or an object with one")),
        (#"{"id":"sub_1","status":"a","items":[]}"#, .mismatch(member: "items", expected: "a list")),
        (#"{"id":"sub_1","status":"a","items":{"data":[{}]}}"#, .missing(member: "id")),
    ])
    func subscriptionsOfAnUnknownShapeAreErrors(text: String, error: JSONError) {
        #expect(throws: error) { try Subscription(json(text)) }
    }

    @Test func requestIsAStringOrAnObject() throws {
        func request(_ request: String) throws -> String? {
            try Event(
                json(
                    #"{"object":"event","id":"evt_1","type":"a","livemode":false,"created":1,"data":{"object":{}},"request":\#(request)}"#
                )
            ).request
        }
        #expect(try request(#""req_1""#) == "req_1")
        #expect(try request(#"{"id":"req_1","idempotency_key":null}"#) == "req_1")
        #expect(try request(#"{"id":null,"idempotency_key":null}"#) == nil)
        #expect(try request("null") == nil)
    }

    @Test func thinEventsAreRecognised() throws {
        let event = try Event(
            json(
                """
                {"id":"evt_1","object":"v2.core.event","type":"v1.customer.subscription.updated","livemode":true,
                "created":"2026-10-01T12:00:00.500Z","context":"acct_1","reason":{"type":"request","request":{"id":"req_1"}},
                "related_object":{"id":"sub_1","type":"subscription","url":"/v1/subscriptions/sub_1"}}
                """
            )
        )
        #expect(event.created == 1_790_856_000)
        #expect(event.account == "acct_1")
        #expect(event.request == "req_1")
        guard case .thin(let object) = event.content else {
            Issue.record("not thin")
            return
        }
        #expect(object == Event.RelatedObject(id: "sub_1", type: "subscription"))
    }

    @Test(arguments: [
        "[]", "{}", #"{"object":"event"}"#, #"{"object":"charge","id":"ch_1","type":"a","livemode":true}"#,
        #"{"object":"event","id":"evt_1","type":"a","livemode":false,"created":1}"#,
        #"{"object":"event","id":"evt_1","type":"a","livemode":"no","created":1,"data":{"object":{}}}"#,
        #"{"object":"event","id":"evt_1","type":"a","livemode":false,"created":1,"data":{"object":{},"previous_attributes":[]}}"#,
        #"{"object":"event","id":"evt_1","type":"a","livemode":false,"created":-9223372036854775808,"data":{"object":{}}}"#,
        #"{"object":"event","id":"","type":"a","livemode":false,"created":1,"data":{"object":{}}}"#,
        #"{"object":"v2.core.event","id":"evt_1","type":"a","livemode":false,"created":"yesterday"}"#,
    ])
    func whatIsNoEventIsAnError(text: String) {
        #expect(throws: JSONError.self) { try Event(json(text)) }
    }
}

@Suite(.enabled(if: SharedFixtures.exist, "\(SharedFixtures.absence)"))
struct RecordedObjectTests {
    /// Objects of a kind anywhere in a recorded text, at whatever depth.
    func objects(_ name: String, in json: JSON) -> [JSON] {
        var found: [JSON] = []
        if json["object"]?.string == name, json["id"]?.string != nil {
            found.append(json)
        }
        for element in json.elements ?? [] {
            found += objects(name, in: element)
        }
        for member in json.members ?? [] {
            found += objects(name, in: member.value)
        }
        return found
    }

    func replies() throws -> [JSON] {
        var replies: [JSON] = []
        for file in try SharedFixtures.files(below: "fixtures") {
            let json = try JSON(parsing: SharedFixtures.bytes(file))
            replies.append(json)
            // Recordings keep each body as a string of its own.
            replies += bodies(in: json)
        }
        for file in try SharedFixtures.files(below: "fixtures", suffix: ".jsonl") {
            for line in try SharedFixtures.bytes(file).split(separator: UInt8(ascii: "\n")) {
                replies.append(try JSON(parsing: Array(line)))
            }
        }
        return replies
    }

    func bodies(in json: JSON) -> [JSON] {
        if let string = json.string {
            return string.hasPrefix("{") ? [try? JSON(parsing: Array(string.utf8))].compactMap(\.self) : []
        }
        return (json.elements ?? []).flatMap(bodies) + (json.members ?? []).flatMap { bodies(in: $0.value) }
    }

    @Test func everyRecordedObjectDecodes() throws {
        var counts = (customers: 0, subscriptions: 0, events: 0)
        for reply in try replies() {
            for customer in objects("customer", in: reply) {
                _ = try Customer(customer)
                counts.customers += 1
            }
            for subscription in objects("subscription", in: reply) {
                let decoded = try Subscription(subscription)
                #expect(decoded.items.isEmpty || decoded.currentPeriodEnd != nil, "\(decoded.id)")
                counts.subscriptions += 1
            }
            for event in objects("event", in: reply) {
                _ = try Event(event)
                counts.events += 1
            }
        }
        #expect(counts.customers >= 50)
        #expect(counts.subscriptions >= 30)
        #expect(counts.events >= 80)
    }

    @Test func recordedTextsReadAsFoundationReadsThem() throws {
        for file in try SharedFixtures.files(below: "fixtures") {
            let bytes = try SharedFixtures.bytes(file)
            let expected = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let compact = try JSON(parsing: bytes).compactText
            let actual = try JSONSerialization.jsonObject(with: Data(compact.utf8), options: .fragmentsAllowed)
            #expect((expected as? NSObject) == (actual as? NSObject), "\(file.lastPathComponent)")
        }
    }
}
