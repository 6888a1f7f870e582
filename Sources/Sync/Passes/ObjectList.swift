internal import MirrorStore
internal import Stripe
internal import StripeClient

/// Stripe's lists of all customers and of all subscriptions, page by page.
struct ObjectList: Sendable {
    /// A page, with what tells later whether its entries count.
    struct Page: Sendable {
        /// The entries that could be read.
        var replies: [ObjectReply]
        /// Ids of those that could not.
        var unreadable: [String]
        /// How many there were.
        var count: Int
        /// The last one's id.
        var cursor: String?
        /// The last one's `created`, Unix seconds.
        var created: Int64?
        /// Whether more follow.
        var hasMore: Bool
        /// The reply's `Date`, Unix seconds.
        var date: Int64
    }

    let fetcher: ObjectFetcher
    let lane: Lane

    /// Asks for the page after an object.
    func page(_ kind: MirroredKind, after cursor: String?) async throws(SyncError) -> Page {
        let token = try await fetcher.token()
        let list: ListPage
        do {
            list =
                switch kind {
                case .customer: try await fetcher.client.listCustomers(startingAfter: cursor, lane: lane)
                case .subscription: try await fetcher.client.listSubscriptions(startingAfter: cursor, lane: lane)
                }
        } catch {
            throw .call(error)
        }
        var page = Page(
            replies: [],
            unreadable: [],
            count: list.objects.count,
            cursor: list.objects.last?["id"]?.string,
            created: list.objects.last?["created"]?.integer,
            hasMore: list.hasMore,
            date: list.date
        )
        for json in list.objects {
            do {
                let object = try ObjectFetcher.object(json)
                page.replies.append(ObjectReply(object: object, token: token, date: list.date))
            } catch {
                page.unreadable.append(json["id"]?.string ?? "without an id")
            }
        }
        return page
    }
}

extension SyncError {
    /// Whether Stripe does not know the object that a page was to start after: it was deleted meanwhile.
    var isLostCursor: Bool {
        guard case .call(.refused(let error, _)) = self else { return false }
        return error.code == "resource_missing" && (error.param == "starting_after" || error.param == nil)
    }
}
