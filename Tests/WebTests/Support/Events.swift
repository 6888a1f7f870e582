/// Bodies of deliveries.
enum Events {
    static func customerCreated(_ id: String = "evt_1", customer: String = "cus_1", user: String = "alice") -> String {
        """
        {"id":"\(id)","object":"event","type":"customer.created","created":1790000000,"livemode":false,\
        "api_version":"2026-03-25.dahlia","request":{"id":"req_1"},"data":{"object":\
        {"id":"\(customer)","object":"customer","created":1790000000,"livemode":false,"metadata":{"user_id":"\(user)"}}}}
        """
    }

    /// A finished Checkout session that names the user of a customer.
    static func checkout(_ session: String, user: String, customer: String = "cus_1") -> String {
        """
        {"id":"evt_\(session)","object":"event","type":"checkout.session.completed","created":1790000000,"livemode":false,\
        "api_version":"2026-03-25.dahlia","request":null,"data":{"object":{"id":"\(session)","object":"checkout.session",\
        "client_reference_id":"\(user)","customer":"\(customer)","livemode":false}}}
        """
    }

    /// A customer of a shape that Stripe does not document.
    static let broken = """
        {"id":"evt_broken","object":"event","type":"customer.created","created":1790000000,"livemode":false,\
        "data":{"object":{"id":"cus_broken","object":"customer","metadata":"none"}}}
        """

    static let ofNoObject = """
        {"id":"evt_ping","object":"event","type":"ping","created":1790000000,"livemode":false,\
        "data":{"object":{"id":"in_1","object":"invoice"}}}
        """
}
