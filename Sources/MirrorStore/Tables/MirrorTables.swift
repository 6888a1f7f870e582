internal import FoundationEssentials
internal import GRDB
internal import Stripe

/// `customers`, `subscriptions` and `subscription_items`: what other programs read.
struct MirrorTables {
    let db: Database

    /// How a row stands apart from its object.
    struct Standing {
        var livemode: Bool
        var isDeleted: Bool
        var isConfirmed: Bool
        /// Unix seconds.
        var updatedAt: Int64
    }

    func write(_ object: MirroredObject, _ standing: Standing) throws {
        switch object.fields {
        case .customer(let customer): try write(customer, of: object, standing)
        case .subscription(let subscription): try write(subscription, of: object, standing)
        }
    }

    func confirm(_ objectID: String, kind: MirroredKind, _ isConfirmed: Bool, at updatedAt: Int64) throws {
        let table = table(of: kind)
        try db.cachedStatement(sql: "UPDATE \(table) SET confirmed = ?, updated_at = ? WHERE id = ?")
            .execute(arguments: [isConfirmed, updatedAt, objectID])
    }

    /// The object that the row shows, as text.
    func text(of objectID: String, kind: MirroredKind) throws -> String? {
        let statement = try db.cachedStatement(sql: "SELECT object FROM \(table(of: kind)) WHERE id = ?")
        return try String.fetchOne(statement, arguments: [objectID])
    }

    func table(of kind: MirroredKind) -> String {
        switch kind {
        case .customer: "customers"
        case .subscription: "subscriptions"
        }
    }

    private func write(_ customer: Customer, of object: MirroredObject, _ standing: Standing) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO customers (
                    id, email, name, created, livemode, deleted, object, revision, confirmed, updated_at
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    email = excluded.email, name = excluded.name, created = coalesce(excluded.created, created),
                    livemode = excluded.livemode, deleted = excluded.deleted, object = excluded.object,
                    revision = excluded.revision, confirmed = excluded.confirmed, updated_at = excluded.updated_at
                """
        )
        try statement.execute(arguments: [
            customer.id, customer.email, customer.name, customer.created, customer.livemode ?? standing.livemode,
            customer.deleted || standing.isDeleted, object.text, object.revision.data, standing.isConfirmed,
            standing.updatedAt,
        ])
    }

    private func write(_ subscription: Subscription, of object: MirroredObject, _ standing: Standing) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO subscriptions (
                    id, customer, status, current_period_start, current_period_end, cancel_at, cancel_at_period_end,
                    canceled_at, ended_at, trial_end, created, livemode, deleted, object, revision, confirmed,
                    updated_at
                ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    customer = excluded.customer, status = excluded.status,
                    current_period_start = excluded.current_period_start,
                    current_period_end = excluded.current_period_end, cancel_at = excluded.cancel_at,
                    cancel_at_period_end = excluded.cancel_at_period_end, canceled_at = excluded.canceled_at,
                    ended_at = excluded.ended_at, trial_end = excluded.trial_end, created = excluded.created,
                    livemode = excluded.livemode, deleted = excluded.deleted, object = excluded.object,
                    revision = excluded.revision, confirmed = excluded.confirmed, updated_at = excluded.updated_at
                """
        )
        try statement.execute(arguments: [
            subscription.id, subscription.customer, subscription.status.rawValue, subscription.currentPeriodStart,
            subscription.currentPeriodEnd, subscription.cancelAt, subscription.cancelAtPeriodEnd,
            subscription.canceledAt, subscription.endedAt, subscription.trialEnd, subscription.created,
            subscription.livemode ?? standing.livemode, subscription.deleted, object.text, object.revision.data,
            standing.isConfirmed, standing.updatedAt,
        ])
        try write(subscription.items, of: subscription.id)
    }

    private func write(_ items: [SubscriptionItem], of subscription: String) throws {
        try db.cachedStatement(sql: "DELETE FROM subscription_items WHERE subscription = ?")
            .execute(arguments: [subscription])
        let statement = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO subscription_items (
                    id, subscription, price, product, quantity, current_period_start, current_period_end
                ) VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        )
        for item in items {
            try statement.execute(arguments: [
                item.id, subscription, item.price?.id, item.price?.product, item.quantity, item.currentPeriodStart,
                item.currentPeriodEnd,
            ])
        }
    }
}
