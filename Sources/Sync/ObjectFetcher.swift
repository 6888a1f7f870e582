internal import MirrorStore
internal import Stripe
internal import StripeClient

/// Reads single objects from Stripe, with what tells later whether the reply counts.
struct ObjectFetcher: Sendable {
    let client: StripeClient
    let reads: ObjectReads
    let now: @Sendable () -> Double

    /// Asks Stripe for one object.
    func fetch(_ reference: ObjectReference, lane: Lane) async throws(SyncError) -> ObjectReply {
        let token = try await token()
        let retrieved: RetrievedObject
        do {
            retrieved =
                switch reference.kind {
                case .customer: try await client.retrieveCustomer(reference.id, lane: lane)
                case .subscription: try await client.retrieveSubscription(reference.id, lane: lane)
                }
        } catch {
            throw .call(error)
        }
        return ObjectReply(object: try Self.object(retrieved.object), token: token, date: retrieved.date)
    }

    /// What has to be taken before a request.
    func token() async throws(SyncError) -> ObjectRead.Token {
        do {
            return try await reads.token(at: now())
        } catch {
            throw .store(error)
        }
    }

    static func object(_ json: JSON) throws(SyncError) -> MirroredObject {
        do throws(JSONError) {
            guard let object = try MirroredObject(json) else { throw .missing(member: "object") }
            return object
        } catch {
            throw .object(error)
        }
    }
}
