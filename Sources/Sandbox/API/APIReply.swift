/// A reply as it is kept for replay.
struct APIReply: Sendable {
    var status: Int
    var body: JSONObject
    /// The `req_…` id of the call that made the reply; nil where Stripe sends none, on a 401.
    var requestID: String?
    /// When it was rendered, in Unix seconds; nil is when it is written.
    var date: Int?
    /// Further header fields.
    var headers: [(name: String, value: String)] = []
}
