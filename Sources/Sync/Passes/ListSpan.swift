public import MirrorStore
internal import Stripe
public import StripeClient

/// How far back a list of Stripe's goes: lists have no count, so how much of one is done can only be told by time.
public struct ListSpan: Sendable {
    /// `created` of the newest object, Unix seconds.
    public let newest: Int64
    /// `created` of the oldest object, to a day.
    public let oldest: Int64

    /// Seconds to which the oldest object is looked for.
    private static let precision: Int64 = 86_400
    /// Stripe was founded later.
    private static let earliest: Int64 = 1_230_768_000

    /// Asks Stripe, with about a dozen calls; nil where the list is empty.
    ///
    /// - Parameters:
    ///   - kind: Which list.
    ///   - client: Calls Stripe.
    /// - Throws: ``SyncError``.
    public init?(of kind: MirroredKind, _ client: StripeClient) async throws(SyncError) {
        guard let newest = try await Self.newest(of: kind, before: nil, client) else { return nil }
        var (empty, oldest) = (Self.earliest, newest)
        while oldest - empty > Self.precision {
            let middle = empty + (oldest - empty) / 2
            if let created = try await Self.newest(of: kind, before: middle, client) {
                oldest = created
            } else {
                empty = middle
            }
        }
        self.newest = newest
        self.oldest = oldest
    }

    /// How much of a list is done.
    ///
    /// - Parameter created: `created` of the last object of the list that is done, Unix seconds.
    /// - Returns: The part, 0...1.
    public func fraction(at created: Int64) -> Double {
        guard newest > oldest else { return 1 }
        return min(max(Double(newest - created) / Double(newest - oldest), 0), 1)
    }

    private static func newest(
        of kind: MirroredKind,
        before time: Int64?,
        _ client: StripeClient
    ) async throws(SyncError) -> Int64? {
        do {
            let page =
                switch kind {
                case .customer:
                    try await client.listCustomers(createdBefore: time, startingAfter: nil, limit: 1, lane: .backfill)
                case .subscription:
                    try await client.listSubscriptions(
                        createdBefore: time,
                        startingAfter: nil,
                        limit: 1,
                        lane: .backfill
                    )
                }
            return page.objects.first?["created"]?.integer
        } catch {
            throw .call(error)
        }
    }
}
