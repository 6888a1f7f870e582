import Foundation
import Stripe

@testable import MirrorStore

/// Events as Stripe would send them.
struct TestEvent {
    var id: String
    var type: String
    var object: String
    var previous: String?
    var created: Int64 = 1_700_000_000
    var request: String?
    var livemode = false

    var body: [UInt8] {
        let previous = previous.map { #","previous_attributes":\#($0)"# } ?? ""
        let request = request.map { #"{"id":"\#($0)","idempotency_key":null}"# } ?? "null"
        return Array(
            #"{"id":"\#(id)","object":"event","api_version":"2026-03-25.dahlia","created":\#(created),"data":{"object":\#(object)\#(previous)},"livemode":\#(livemode),"request":\#(request),"type":"\#(type)"}"#
                .utf8
        )
    }

    func delivery(
        at now: Double = 1_700_000_100,
        source: Delivery.Source = .webhook,
        secrets: [String] = []
    ) throws -> Delivery {
        let body = body
        return Delivery(
            event: try Event(JSON(parsing: body)),
            payload: body,
            source: source,
            receivedAt: now,
            livemode: false,
            secrets: secrets
        )
    }

    static func customer(_ id: String, email: String = "a@example.com", user: String? = nil, further: String = "") -> String {
        let metadata = user.map { #"{"user_id":"\#($0)"}"# } ?? "{}"
        return
            #"{"id":"\#(id)","object":"customer","created":1600000000,"email":"\#(email)","livemode":false,"metadata":\#(metadata),"name":null\#(further)}"#
    }

    static func subscription(
        _ id: String,
        customer: String,
        status: String = "active",
        user: String? = nil,
        quantity: Int = 1,
        hasMore: Bool = false
    ) -> String {
        let metadata = user.map { #"{"user_id":"\#($0)"}"# } ?? "{}"
        return
            #"{"id":"\#(id)","object":"subscription","created":1600000001,"customer":"\#(customer)","status":"\#(status)","livemode":false,"metadata":\#(metadata),"cancel_at_period_end":false,"items":{"object":"list","has_more":\#(hasMore),"data":[{"id":"si_\#(id)","price":{"id":"price_1","product":"prod_1"},"quantity":\#(quantity),"current_period_start":10,"current_period_end":20}]}}"#
    }

    static func checkout(_ id: String, user: String, customer: String) -> TestEvent {
        TestEvent(
            id: "evt_\(id)",
            type: "checkout.session.completed",
            object: #"{"id":"\#(id)","object":"checkout.session","client_reference_id":"\#(user)","customer":"\#(customer)"}"#
        )
    }
}
