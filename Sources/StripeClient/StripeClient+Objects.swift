internal import Stripe

extension StripeClient {
    /// The most pages of a subscription's items: fifty times what Stripe documents for one
    /// (https://docs.stripe.com/billing/subscriptions/multiple-products, twenty).
    private static let itemPages = 10

    /// Retrieves a customer: `GET /v1/customers/:id`.
    ///
    /// - Parameters:
    ///   - id: the customer's id.
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the customer; of a deleted one only `id`, `object` and `deleted`.
    /// - Throws: ``StripeCallError``; one that never was is refused with status 404.
    public func retrieveCustomer(
        _ id: String,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> RetrievedObject {
        try await retrieve("/v1/customers/", id, of: "customer", lane: lane, timer: timer(budget)).retrieved
    }

    /// Retrieves an event of the last thirty days: `GET /v1/events/:id`.
    ///
    /// - Parameters:
    ///   - id: the event's id.
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: the event.
    /// - Throws: ``StripeCallError``; an unknown or older one is refused with status 404.
    public func retrieveEvent(
        _ id: String,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> RetrievedObject {
        try await retrieve("/v1/events/", id, of: "event", lane: lane, timer: timer(budget)).retrieved
    }

    /// Retrieves a subscription with all its items: `GET /v1/subscriptions/:id`, and where its list of items says that it has
    /// more, the pages of `GET /v1/subscription_items` that follow.
    ///
    /// - Parameters:
    ///   - id: the subscription's id.
    ///   - lane: what the calls are for.
    ///   - budget: the time for all calls, and the pauses and waits before them.
    /// - Returns: the subscription, ended ones too; its date is that of the first reply.
    /// - Throws: ``StripeCallError``; one that never was is refused with status 404.
    public func retrieveSubscription(
        _ id: String,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> RetrievedObject {
        let timer = timer(budget)
        let (success, first) = try await retrieve(
            "/v1/subscriptions/",
            id,
            of: "subscription",
            lane: lane,
            timer: timer
        )
        guard let items = first.object["items"], let list = ListBody(items, of: "subscription_item") else {
            throw success.unreadable(.body)
        }
        guard list.hasMore, let last = list.ids.last else { return first }
        let rest = try await furtherItems(of: id, after: last, known: list.ids, lane: lane, timer: timer)
        do {
            let complete = try items.replacing("data", with: JSON(array: list.objects + rest))
                .replacing("has_more", with: JSON(false))
            return RetrievedObject(
                object: try first.object.replacing("items", with: complete),
                date: first.date,
                requestID: first.requestID
            )
        } catch {
            throw success.unreadable(.body)
        }
    }

    /// The items that follow one of a subscription's.
    private func furtherItems(
        of subscription: String,
        after item: String,
        known: [String],
        lane: Lane,
        timer: CallTimer
    ) async throws(StripeCallError) -> [JSON] {
        var items: [JSON] = []
        var known = Set(known)
        var last: String? = item
        var pages = 0
        while last != nil {
            let query = FormEncoding([.init("subscription", .string(subscription))] + Self.paging(last, 100))
            let success = try await get(
                "/v1/subscription_items",
                query,
                lane: lane,
                timer: timer,
                bodyLimit: Self.pageLimit
            )
            let list = try success.list(of: "subscription_item")
            pages += 1
            // A list that comes round again, or does not end, would be read for ever.
            for id in list.ids {
                guard known.insert(id).inserted else { throw success.unreadable(.body) }
            }
            guard !list.hasMore || pages < Self.itemPages else { throw success.unreadable(.body) }
            items += list.objects
            last = list.hasMore ? list.ids.last : nil
        }
        return items
    }

    private func retrieve(
        _ path: String,
        _ id: String,
        of kind: String,
        lane: Lane,
        timer: CallTimer
    ) async throws(StripeCallError) -> (success: Success, retrieved: RetrievedObject) {
        // In a path a plus sign is no space.
        let segment = FormEncoding.percentEncoded(id).replacing("+", with: "%20")
        let success = try await get(path + segment, lane: lane, timer: timer)
        let object = try success.json()
        guard object.id(of: kind) == id else { throw success.unreadable(.body) }
        let retrieved = RetrievedObject(
            object: object,
            date: try success.date(),
            requestID: success.reply.requestID
        )
        return (success, retrieved)
    }
}
