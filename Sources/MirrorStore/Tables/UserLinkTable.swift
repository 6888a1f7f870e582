internal import GRDB
internal import Stripe

/// `user_links`: whose customer is whose, and who says so.
struct UserLinkTable {
    let db: Database
    /// The key of `metadata` that holds the operator's own id of the user.
    let metadataKey: String

    /// Makes the claims of an object what its metadata says now.
    func claim(by object: MirroredObject, event: String?, at createdAt: Int64) throws {
        switch object.fields {
        case .customer(let customer) where customer.deleted:
            // The stub of a deleted customer says nothing of its metadata.
            break
        case .customer(let customer):
            try claim(
                user: customer.metadata[metadataKey],
                customer: customer.id,
                source: .customerMetadata,
                claimant: customer.id,
                event: event,
                at: createdAt
            )
        case .subscription(let subscription):
            try claim(
                user: subscription.metadata[metadataKey],
                customer: subscription.customer,
                source: .subscriptionMetadata,
                claimant: subscription.id,
                event: event,
                at: createdAt
            )
        }
    }

    /// The Checkout sessions that claimed a customer.
    func checkouts(of customer: String) throws -> [String] {
        let statement = try db.cachedStatement(
            sql: "SELECT claimant FROM user_links WHERE customer = ? AND source = ?"
        )
        let source = UserLinkSource.checkoutClientReferenceID.rawValue
        return try String.fetchAll(statement, arguments: [customer, source])
    }

    /// Takes a finished Checkout session's claim.
    func claim(by session: CheckoutSession, event: String, at createdAt: Int64) throws {
        try claim(
            user: session.clientReferenceID,
            customer: session.customer,
            source: .checkoutClientReferenceID,
            claimant: session.id,
            event: event,
            at: createdAt
        )
    }

    private func claim(
        user: String?,
        customer: String?,
        source: UserLinkSource,
        claimant: String,
        event: String?,
        at createdAt: Int64
    ) throws {
        guard let user = userID(user), let customer else {
            try db.cachedStatement(sql: "DELETE FROM user_links WHERE claimant = ?").execute(arguments: [claimant])
            return
        }
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO user_links (user_id, customer, source, event, created_at, claimant)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (claimant) DO UPDATE SET
                    user_id = excluded.user_id, customer = excluded.customer, source = excluded.source,
                    event = excluded.event, created_at = excluded.created_at
                WHERE user_id <> excluded.user_id OR customer <> excluded.customer
                """
        )
        try statement.execute(arguments: [user.rawValue, customer, source.rawValue, event, createdAt, claimant])
    }

    /// A text that names no user claims nothing.
    private func userID(_ text: String?) -> UserID? {
        guard let text else { return nil }
        do {
            return try UserID(text)
        } catch {
            return nil
        }
    }
}
