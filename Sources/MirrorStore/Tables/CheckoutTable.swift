internal import GRDB
internal import Stripe

/// `checkouts`: what finished Checkout sessions name.
struct CheckoutTable {
    let db: Database

    func insert(_ session: CheckoutSession, at now: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO checkouts (session, customer, subscription, received_at) VALUES (?, ?, ?, ?)"
        )
        try statement.execute(arguments: [session.id, session.customer, session.subscription, now])
    }
}
