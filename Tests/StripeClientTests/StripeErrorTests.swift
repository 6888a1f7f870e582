import Stripe
import Testing

@Suite struct StripeErrorTests {
    func error(_ status: Int, _ body: String) -> StripeError {
        StripeError(status: status, requestID: "req_1", body: Array(body.utf8))
    }

    @Test func readsEachField() {
        let error = error(
            402,
            """
            {"error":{"type":"card_error","code":"card_declined","decline_code":"generic_decline","param":"number",\
            "doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"hidden","charge":{"id":"ch_1"}}}
            """
        )
        #expect(error.status == 402)
        #expect(error.requestID == "req_1")
        #expect(error.type == .cardError)
        #expect(error.code == "card_declined")
        #expect(error.declineCode == "generic_decline")
        #expect(error.param == "number")
        #expect(error.docURL == "https://stripe.com/docs/error-codes/card-declined")
        #expect(error.message?.exposed == "hidden")
    }

    @Test func neverShowsTheMessage() {
        let error = error(401, #"{"error":{"type":"invalid_request_error","message":"Invalid API Key: sk_hidden"}}"#)
        var dumped = ""
        dump(error, to: &dumped)
        for text in ["\(error)", String(reflecting: error), dumped] { #expect(!text.contains("hidden")) }
        #expect(error.description == "status=401 type=invalid_request_error request_id=req_1")
    }

    @Test(arguments: [
        "", "<html>Bad Gateway</html>", "[]", #"{"error":"invalid_grant"}"#, #"{"error":{"type":1}}"#, "\u{FEFF}",
    ])
    func anyOtherBodyLeavesTheFieldsAbsent(body: String) {
        let error = error(502, body)
        #expect(error.status == 502)
        #expect(error.type == nil)
        #expect(error.code == nil)
    }

    @Test func keepsATypeItDoesNotKnow() {
        #expect(
            error(400, #"{"error":{"type":"temporary_session_expired"}}"#).type?.rawValue == "temporary_session_expired"
        )
    }

    @Test(arguments: [
        (429, nil, true), (429, "lock_timeout", true), (400, "rate_limit", true), (400, "x", false),
        (403, "rate_limit", false),
    ])
    func knowsARateLimit(status: Int, code: String?, expected: Bool) {
        let body = code.map { #"{"error":{"type":"invalid_request_error","code":"\#($0)"}}"# } ?? "{}"
        #expect(error(status, body).isRateLimit == expected)
    }

    @Test(arguments: [
        (429, "lock_timeout", true), (429, "rate_limit", false), (400, "lock_timeout", false), (429, nil, false),
    ])
    func knowsALockTimeout(status: Int, code: String?, expected: Bool) {
        let body = code.map { #"{"error":{"type":"invalid_request_error","code":"\#($0)"}}"# } ?? "{}"
        #expect(error(status, body).isLockTimeout == expected)
    }

    @Test(.enabled(if: Recordings.folder != nil, Recordings.missing))
    func readsEveryRecordedError() throws {
        let errors = try Recordings.all().filter { $0.status >= 400 }
        #expect(errors.count >= 18)
        for recorded in errors {
            let error = StripeError(
                status: recorded.status,
                requestID: recorded.requestID,
                body: Array(recorded.body.utf8)
            )
            #expect([.cardError, .invalidRequestError].contains(error.type))
            #expect(error.message != nil)
            #expect((error.requestID == nil) == (recorded.status == 401))
            #expect(recorded.status != 404 || error.code == "resource_missing")
        }
    }
}
