internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore
internal import NIOCore
internal import Stripe
internal import Sync

/// Answers `POST /webhooks/stripe`.
struct WebhookController {
    /// Stripe publishes no limit; the largest object on record has 15 KB.
    static let bodyLimit = 1 << 20

    private static let signatureHeader = HTTPField.Name("Stripe-Signature")

    let intake: WebhookIntake

    func receive(_ request: Request, context: RequestRecordContext) async throws -> Response {
        let body = try await request.body(upTo: Self.bodyLimit)
        let signature = Self.signatureHeader.flatMap { request.headers[$0] }
        let receipt = try await intake.receive(
            body: body,
            signature: signature,
            now: Date.now.timeIntervalSince1970
        )
        context.record.note("event", receipt.event.id)
        context.record.note("type", receipt.event.type)
        context.record.note("object", receipt.objectID)
        context.record.note("outcome", receipt.outcome.rawValue)
        return .json(text: #"{"received":true,"outcome":"\#(receipt.outcome.rawValue)"}"#.utf8)
    }
}

extension Request {
    /// The whole body.
    ///
    /// - Throws: ``HTTPFailure`` where it is larger than the limit, or did not arrive.
    func body(upTo limit: Int) async throws -> [UInt8] {
        if let length = headers[.contentLength].flatMap(Int.init), length > limit {
            throw HTTPFailure.bodyTooLarge(limit: limit)
        }
        do {
            return Array(buffer: try await body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw HTTPFailure.bodyTooLarge(limit: limit)
        } catch {
            throw HTTPFailure.bodyUnreadable
        }
    }
}
