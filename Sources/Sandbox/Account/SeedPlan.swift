/// A large account's past: customers and subscriptions that are older than the events Stripe still lists.
struct SeedPlan {
    /// The most customers, and the most subscriptions.
    static let limit = 1_000_000
    /// The first customer is this old, in seconds.
    private static let oldest = 400 * 86_400
    /// The last one is this old: a day more than Stripe keeps events.
    private static let youngest = StripeModel.eventRetention + 86_400

    let customers: Int
    let subscriptions: Int
    /// Whether customer number n belongs to the user `user_<n>`, by its metadata.
    let hasUserIDs: Bool
    let now: Int

    init(customers: Int, subscriptions: Int, hasUserIDs: Bool, now: Int) throws(SandboxError) {
        let counts = 0...Self.limit
        guard counts.contains(customers), counts.contains(subscriptions), customers > 0 || subscriptions == 0 else {
            throw .invalidSeed
        }
        self.customers = customers
        self.subscriptions = subscriptions
        self.hasUserIDs = hasUserIDs
        self.now = now
    }

    /// The numbers of a customer's subscriptions, counted from 0; all customers have equally many, give or take one.
    func subscriptions(ofCustomer index: Int) -> Range<Int> {
        index * subscriptions / customers..<(index + 1) * subscriptions / customers
    }

    func customer(_ index: Int, number: Int, _ ids: inout IdentifierGenerator) -> Customer {
        var customer = Customer(
            id: ids.short("cus_"),
            created: now - Self.oldest + index * (Self.oldest - Self.youngest) / customers,
            invoicePrefix: ids.token(length: 8).uppercased(),
            email: "user\(number)@example.com",
            name: "User \(number)"
        )
        if !subscriptions(ofCustomer: index).isEmpty { customer.currency = "usd" }
        if hasUserIDs { customer.metadata = ["user_id": "user_\(number)"] }
        return customer
    }

    /// Of a hundred subscriptions fifteen are canceled, five on trial and the others active; of a thousand one has more
    /// items than Stripe shows inside it.
    func subscription(
        _ index: Int,
        of customer: Customer,
        price: Price,
        _ ids: inout IdentifierGenerator
    ) -> Subscription {
        var subscription = Subscription(
            id: ids.long("sub_"),
            created: customer.created,
            customer: customer.id,
            currency: price.currency,
            items: [],
            latestInvoice: ids.long("in_"),
            billingCycleAnchor: customer.created
        )
        var period = price.period(at: now, anchor: customer.created)
        switch index % 20 {
        case 1, 8, 15:
            let end = (customer.created + now - Self.youngest) / 2
            period = price.period(at: end, anchor: customer.created)
            subscription.status = .canceled
            subscription.canceledAt = end
            subscription.endedAt = end
            subscription.cancellationDetails.reason = "cancellation_requested"
        case 4:
            let end = now + (index % 14 + 7) * 86_400
            period = customer.created..<end
            subscription.status = .trialing
            subscription.trialStart = customer.created
            subscription.trialEnd = end
            subscription.billingCycleAnchor = end
        default:
            break
        }
        let itemCount = index % 1_000 == 6 ? Subscription.inlineItemLimit + 5 : 1
        for _ in 0..<itemCount {
            subscription.items.append(
                SubscriptionItem(
                    id: ids.short("si_"),
                    created: customer.created,
                    price: price.id,
                    quantity: index % 5 + 1,
                    periodStart: period.lowerBound,
                    periodEnd: period.upperBound
                )
            )
        }
        return subscription
    }
}

extension StripeModel {
    /// Adds a past without events or history.
    mutating func seed(_ plan: SeedPlan) {
        let catalogue = [SandboxPrices.basic, SandboxPrices.team].compactMap { prices[$0] }
        var newCustomers: [Customer] = []
        var newSubscriptions: [Subscription] = []
        newCustomers.reserveCapacity(plan.customers)
        newSubscriptions.reserveCapacity(plan.subscriptions)
        for index in 0..<plan.customers {
            let customer = plan.customer(index, number: customers.objects.count + index + 1, &ids)
            newCustomers.append(customer)
            for number in plan.subscriptions(ofCustomer: index) {
                let price = catalogue[number % catalogue.count]
                newSubscriptions.append(plan.subscription(number, of: customer, price: price, &ids))
            }
        }
        customers.merge(newCustomers)
        subscriptions.merge(newSubscriptions)
        subscriptionPositions.removeAll(keepingCapacity: true)
        for (position, subscription) in subscriptions.objects.enumerated() {
            subscriptionPositions[subscription.customer, default: []].append(position)
        }
    }
}

extension Price {
    /// The billing period of a subscription that began at the anchor, at a later time; in Unix seconds.
    fileprivate func period(at time: Int, anchor: Int) -> Range<Int> {
        let begin = CalendarDate(unixSeconds: anchor)
        let present = CalendarDate(unixSeconds: time)
        let step = interval == .year ? 12 * intervalCount : intervalCount
        var count = ((present.year - begin.year) * 12 + present.month - begin.month) / step
        if begin.adding(months: count * step).unixSeconds > time { count -= 1 }
        return begin.adding(months: count * step).unixSeconds..<begin.adding(months: (count + 1) * step).unixSeconds
    }
}
