import Stripe
import Testing

/// Bodies of deliveries, and their signatures.
enum Events {
    static let now: Int64 = 1_790_000_000
    static let secret = "whsec_old"
    static let nextSecret = "whsec_new"

    static func customer(_ id: String = "evt_1", customer: String = "cus_1", user: String = "alice") -> String {
        """
        {"id":"\(id)","object":"event","type":"customer.created","created":\(now - 10),"livemode":false,\
        "api_version":"2026-03-25.dahlia","request":{"id":"req_1"},"data":{"object":\
        {"id":"\(customer)","object":"customer","created":\(now - 10),"metadata":{"user_id":"\(user)"}}}}
        """
    }

    static let thin = """
        {"id":"evt_thin","object":"v2.core.event","type":"v1.customer.updated","created":"2026-09-21T14:13:10.000Z",\
        "livemode":false,"related_object":{"id":"cus_1","type":"customer","url":"/v1/customers/cus_1"}}
        """

    static func signature(of body: String, with secret: String = secret, at timestamp: Int64 = now) throws -> String {
        let secret = try #require(WebhookSecret(secret))
        return WebhookSignature.header(signing: Array(body.utf8), with: [secret], at: timestamp)
    }
}
