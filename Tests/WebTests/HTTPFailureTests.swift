import HTTPTypes
import MirrorStore
import Portal
import Stripe
import Sync
import Testing

@testable import Web

@Suite struct HTTPFailureTests {
    private static let portal: [PortalError: (status: Int, headers: HTTPFields)] = [
        .authenticationRequired: (401, [.wwwAuthenticate: "Bearer"]),
        .invalidToken: (401, [.wwwAuthenticate: #"Bearer error="invalid_token""#]),
        .crossSiteRequest: (403, [:]),
        .authenticationUnavailable: (503, [.retryAfter: "5"]),
        .noActiveSubscription: (403, [:]),
        .customerNotFound: (404, [:]),
        .customerLinkConflict: (409, [:]),
        .invalidParameter: (422, [:]),
        .rateLimited: (429, [.retryAfter: "60"]),
        .mirrorNotReady: (503, [.retryAfter: "30"]),
        .mirrorStale: (503, [.retryAfter: "30"]),
        .stripeError: (502, [:]),
        .stripeBusy: (503, [.retryAfter: "5"]),
        .stripeUnavailable: (503, [.retryAfter: "30"]),
        .stripeTimeout: (504, [:]),
        .storeUnavailable: (503, [.retryAfter: "5"]),
    ]

    @Test(arguments: PortalError.allCases)
    func answersOfThePortal(_ error: PortalError) throws {
        let expected = try #require(Self.portal[error])
        let failure = HTTPFailure(PortalFailure(error, cause: "the cause"))
        #expect(failure.status.code == expected.status)
        #expect(failure.headers == expected.headers)
        #expect(failure.code == error.rawValue)
        #expect(failure.message == error.message)
        #expect(failure.cause == "the cause")
    }

    @Test(arguments: [
        (Duration.milliseconds(1), "1"), (.zero, "1"), (.seconds(1), "1"), (.milliseconds(1001), "2"), (.seconds(60), "60"),
    ])
    func saysWhenToComeAgainInWholeSeconds(_ wait: Duration, header: String) {
        let failure = HTTPFailure(PortalFailure(.rateLimited, retryAfter: wait))
        #expect(failure.headers == [.retryAfter: header])
    }

    @Test func namesTheParameterAtFault() {
        let failure = HTTPFailure(PortalFailure(ParameterFault("flow", "Do this.", cause: "the cause")))
        #expect(failure.status == .unprocessableContent)
        #expect(failure.code == "invalid_parameter")
        #expect(failure.parameter == "flow")
        #expect(failure.message == "Do this.")
        #expect(failure.cause == "the cause")
    }

    @Test(arguments: [
        (WebhookSignatureError.headerMissing, "signature_header_missing"),
        (.noTimestamp, "signature_timestamp_missing"),
        (.ambiguousTimestamp, "signature_timestamp_ambiguous"),
        (.invalidTimestamp, "signature_timestamp_invalid"),
        (.noSignature, "signature_missing"),
        (.noMatch, "signature_mismatch"),
        (.outsideTolerance(age: 301), "signature_outside_tolerance"),
    ])
    func answersOfASignature(_ error: WebhookSignatureError, code: String) {
        let failure = HTTPFailure(WebhookError.signature(error))
        #expect(failure.status == .badRequest)
        #expect(failure.code == code)
        #expect(failure.message.hasSuffix("."))
        #expect(failure.headers.isEmpty)
    }

    @Test(arguments: [
        (Int64(301), "301 seconds old"), (-301, "301 seconds ahead"), (.min, "9223372036854775808 seconds ahead"),
    ])
    func saysWhichClockIsWrong(age: Int64, words: String) {
        #expect(HTTPFailure(WebhookError.signature(.outsideTolerance(age: age))).message.contains(words))
    }

    @Test(arguments: [
        JSONError.malformed(offset: 7), .tooDeep(offset: 7), .missing(member: "data"),
        .mismatch(member: "object", expected: "an object"),
    ])
    func answersOfABody(_ error: JSONError) {
        let failure = HTTPFailure(WebhookError.body(error))
        #expect(failure.status == .badRequest)
        #expect(failure.code == "invalid_event")
        #expect(failure.message.contains(error.description))
    }

    @Test(arguments: [
        MirrorError.sqlite(code: 13, message: "database or disk is full"), .stopped,
        .unusable(path: "/var/lib/portald", reason: "it is gone"), .inconsistent("two rows"),
    ])
    func keepsTheStoresTroubleToTheLog(_ error: MirrorError) {
        let failure = HTTPFailure(WebhookError.store(error))
        #expect(failure.status == .serviceUnavailable)
        #expect(failure.code == "store_unavailable")
        #expect(failure.headers == [.retryAfter: "10"])
        #expect(failure.message == "The event could not be stored. Send it again.")
        #expect(failure.cause == error.description)
    }

    private struct Unforeseen: Error {
        var detail = "sk_live_secret"
    }

    @Test func saysNothingOfAnUnforeseenError() {
        let failure = HTTPFailure(Unforeseen())
        #expect(failure.status == .internalServerError)
        #expect(failure.code == "internal_error")
        #expect(failure.message == "Something went wrong. Try again.")
        #expect(failure.cause == "Unforeseen")
    }

    @Test func answersOfHTTP() {
        #expect(HTTPFailure.notFound.status.code == 404)
        #expect(HTTPFailure.bodyTooLarge(limit: 5).status.code == 413)
        #expect(HTTPFailure.bodyTooLarge(limit: 5).message.contains("5 bytes"))
        #expect(HTTPFailure.bodyUnreadable.status.code == 400)
        let failure = HTTPFailure.methodNotAllowed([.get, .options])
        #expect(failure.status.code == 405)
        #expect(failure.headers == [.allow: "GET, OPTIONS"])
    }
}
