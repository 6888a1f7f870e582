internal import GRDB

/// Looks whether something has come into the mirror.
struct ArrivalReader {
    let db: Database

    /// Statements by what they look up; a test reads their query plans.
    enum SQL {
        static let event = "SELECT EXISTS (SELECT 1 FROM events WHERE id = ?)"
        static let checkout = """
            SELECT
                customer, subscription,
                EXISTS (SELECT 1 FROM customers WHERE id = checkouts.customer) AS has_customer,
                EXISTS (SELECT 1 FROM link_claims WHERE claimant = checkouts.session) AS has_claim,
                EXISTS (SELECT 1 FROM subscriptions WHERE id = checkouts.subscription) AS has_subscription
            FROM checkouts WHERE session = ?
            """
        /// Of a session whose event came in before ``CheckoutTable`` was kept, or is kept no longer.
        static let earlierCheckout = """
            SELECT EXISTS (SELECT 1 FROM link_claims WHERE claimant = ?1)
                OR EXISTS (SELECT 1 FROM events WHERE object_id = ?1)
            """
        static let all = [event, checkout, earlierCheckout]
    }

    /// The ids that are still to come in; none where it has all been seen.
    ///
    /// A Checkout session has been seen when its event and the subscription that it sold have, and its customer where the
    /// session itself does not say whose that is: until then the answer may be that there is nothing.
    func missing(_ arrival: Arrival) throws -> [String] {
        switch arrival {
        case .event(let id):
            return try isTrue(SQL.event, id) ? [] : [id]
        case .checkout(let id):
            guard let row = try Row.fetchOne(db.cachedStatement(sql: SQL.checkout), arguments: [id]) else {
                return try isTrue(SQL.earlierCheckout, id) ? [] : [id]
            }
            var missing: [String] = []
            if let subscription: String = row["subscription"], !row["has_subscription"] {
                missing.append(subscription)
            }
            if let customer: String = row["customer"], !row["has_customer"], !row["has_claim"] {
                missing.append(customer)
            }
            return missing
        }
    }

    private func isTrue(_ sql: String, _ id: String) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: sql), arguments: [id]) ?? false
    }
}
