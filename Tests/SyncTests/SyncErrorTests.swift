import MirrorStore
import Stripe
import StripeClient
import Testing

@testable import Sync

@Suite struct SyncErrorTests {
    static func refused(_ status: Int, _ body: String = "{}") -> SyncError {
        .call(.refused(StripeError(status: status, requestID: nil, body: Array(body.utf8)), attempts: 1))
    }

    static let unreadable = SyncError.call(.unreadable(.body, status: 200, requestID: nil, attempts: 1))
    static let busyFile = SyncError.store(.sqlite(code: 5, message: "database is locked"))

    @Test func whatPassesByItself() {
        let busy = StripeError(status: 429, requestID: nil, body: [])
        for error in [SyncError.call(.busy(busy, attempts: 1)), .call(.crowdedOut(attempts: 0)), .call(.cancelled(attempts: 0)), Self.busyFile] {
            #expect(error.isTransient)
            #expect(!error.isOfOneObject)
        }
        for error in [Self.refused(401), Self.refused(403), Self.refused(404), Self.unreadable, .object(.missing(member: "id"))] {
            #expect(!error.isTransient)
        }
    }

    @Test func whatIsOfOneObject() {
        #expect(Self.refused(404).isOfOneObject)
        #expect(Self.unreadable.isOfOneObject)
        #expect(SyncError.object(.missing(member: "id")).isOfOneObject)
        for status in [400, 401, 403] {
            #expect(!Self.refused(status).isOfOneObject)
        }
    }

    @Test func whatMeetsAllObjects() {
        for error in [Self.refused(401), Self.refused(403), Self.busyFile] {
            #expect(error.isOfAllObjects)
        }
        for error in [Self.refused(400), Self.refused(404), Self.unreadable, .store(.inconsistent("x")), .call(.crowdedOut(attempts: 0))] {
            #expect(!error.isOfAllObjects)
        }
        #expect(Self.refused(401).description.contains("STRIPE_SECRET_KEY"))
        #expect(Self.refused(403).description.contains("read permission"))
    }

    @Test func aLostCursor() {
        let lost = #"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"starting_after"}}"#
        let other = #"{"error":{"type":"invalid_request_error","code":"resource_missing","param":"customer"}}"#
        #expect(Self.refused(400, lost).isLostCursor)
        #expect(Self.refused(404, lost).isLostCursor)
        #expect(!Self.refused(400, other).isLostCursor)
        #expect(!Self.refused(400).isLostCursor)
        #expect(!Self.busyFile.isLostCursor)
    }

    @Test func cancellationIsNoFault() {
        #expect(SyncError.call(.cancelled(attempts: 1)).isCancellation)
        #expect(SyncError.store(.stopped).isCancellation)
        #expect(!Self.busyFile.isCancellation)
        #expect(!Self.refused(404).isCancellation)
    }
}
