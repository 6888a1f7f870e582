extension StripeClient {
    /// The longest page: a hundred subscriptions of twenty items, each with all the metadata that Stripe allows
    /// (https://docs.stripe.com/metadata#data), come close to it.
    static let pageLimit = 64 << 20

    /// Lists customers: `GET /v1/customers`.
    ///
    /// Stripe leaves out deleted ones and those on test clocks.
    ///
    /// - Parameters:
    ///   - createdBefore: the first `created` that is too late, in Unix seconds; nil has no end.
    ///   - startingAfter: the last customer's id of the page before; nil begins with the newest.
    ///   - limit: the most objects, 1 to 100.
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: a page.
    /// - Throws: ``StripeCallError``.
    public func listCustomers(
        createdBefore: Int64? = nil,
        startingAfter: String?,
        limit: Int = 100,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> ListPage {
        let fields = Self.created(before: createdBefore) + Self.paging(startingAfter, limit)
        return try await page("/v1/customers", fields, of: "customer", lane: lane, budget: budget)
    }

    /// Lists subscriptions of every status: `GET /v1/subscriptions?status=all`.
    ///
    /// Stripe leaves out those on test clocks.
    ///
    /// - Parameters:
    ///   - createdBefore: the first `created` that is too late, in Unix seconds; nil has no end.
    ///   - startingAfter: the last subscription's id of the page before; nil begins with the newest.
    ///   - limit: the most objects, 1 to 100.
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: a page; an object's own `items` may say that it has more.
    /// - Throws: ``StripeCallError``.
    public func listSubscriptions(
        createdBefore: Int64? = nil,
        startingAfter: String?,
        limit: Int = 100,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> ListPage {
        let status = FormEncoding.Field("status", .string("all"))
        let fields = [status] + Self.created(before: createdBefore) + Self.paging(startingAfter, limit)
        return try await page("/v1/subscriptions", fields, of: "subscription", lane: lane, budget: budget)
    }

    /// Lists events of the last thirty days: `GET /v1/events`.
    ///
    /// - Parameters:
    ///   - types: the types to list, at most twenty; none lists all.
    ///   - createdFrom: the earliest `created`, in Unix seconds.
    ///   - createdBefore: the first `created` that is too late, in Unix seconds; nil has no end.
    ///   - startingAfter: the last event's id of the page before; nil begins with the newest.
    ///   - limit: the most objects, 1 to 100.
    ///   - lane: what the call is for.
    ///   - budget: the time for all attempts, and the pauses and waits before them.
    /// - Returns: a page.
    /// - Throws: ``StripeCallError``.
    public func listEvents(
        types: [String],
        createdFrom: Int64,
        createdBefore: Int64? = nil,
        startingAfter: String?,
        limit: Int = 100,
        lane: Lane,
        budget: Duration = .seconds(30)
    ) async throws(StripeCallError) -> ListPage {
        var created = [FormEncoding.Field("gte", .integer(Int(createdFrom)))]
        if let createdBefore { created.append(.init("lt", .integer(Int(createdBefore)))) }
        let fields = [
            FormEncoding.Field("types", .list(types.map { .string($0) })), .init("created", .object(created)),
        ]
        let paging = Self.paging(startingAfter, limit)
        return try await page("/v1/events", fields + paging, of: "event", lane: lane, budget: budget)
    }

    private static func created(before time: Int64?) -> [FormEncoding.Field] {
        time.map { [.init("created", .object([.init("lt", .integer(Int($0)))]))] } ?? []
    }

    static func paging(_ startingAfter: String?, _ limit: Int) -> [FormEncoding.Field] {
        [.init("limit", .integer(limit))] + (startingAfter.map { [.init("starting_after", .string($0))] } ?? [])
    }

    private func page(
        _ path: String,
        _ fields: [FormEncoding.Field],
        of kind: String,
        lane: Lane,
        budget: Duration
    ) async throws(StripeCallError) -> ListPage {
        let form = FormEncoding(fields)
        let success = try await get(path, form, lane: lane, timer: timer(budget), bodyLimit: Self.pageLimit)
        let list = try success.list(of: kind)
        return ListPage(
            objects: list.objects,
            hasMore: list.hasMore,
            date: try success.date(),
            requestID: success.reply.requestID
        )
    }
}
