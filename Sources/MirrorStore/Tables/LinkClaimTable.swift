internal import GRDB
internal import Stripe

/// `link_claims`: what Stripe's objects say of whose customer is whose.
struct LinkClaimTable {
    let db: Database
    /// The key of `metadata` that holds the operator's own id of the user.
    let metadataKey: String

    private var ledger: LinkLedgerTable { LinkLedgerTable(db: db) }

    /// Makes the claims of an object what its metadata says now.
    func claim(by object: MirroredObject, event: String?, at now: Double) throws {
        switch object.fields {
        case .customer(let customer) where customer.deleted:
            // The stub of a deleted customer says nothing of its metadata.
            break
        case .customer(let customer):
            let user = userID(customer.metadata[metadataKey])
            try claim(user, customer.id, by: customer.id, source: .customerMetadata, event: event, at: now)
        case .subscription(let subscription):
            let user = userID(subscription.metadata[metadataKey])
            let customer = subscription.customer
            try claim(user, customer, by: subscription.id, source: .subscriptionMetadata, event: event, at: now)
        }
    }

    /// Takes a finished Checkout session's claim.
    func claim(by session: CheckoutSession, event: String, at now: Double) throws {
        let user = userID(session.clientReferenceID)
        let source = UserLinkSource.checkoutClientReferenceID
        try claim(user, session.customer, by: session.id, source: source, event: event, at: now)
    }

    /// The Checkout sessions that claimed a customer.
    func checkouts(of customer: String) throws -> [String] {
        let statement = try db.cachedStatement(
            sql: "SELECT claimant FROM link_claims WHERE customer = ? AND source = ?"
        )
        let source = UserLinkSource.checkoutClientReferenceID.rawValue
        return try String.fetchAll(statement, arguments: [customer, source])
    }

    private func claim(
        _ user: UserID?,
        _ customer: String?,
        by claimant: String,
        source: UserLinkSource,
        event: String?,
        at now: Double
    ) throws {
        let before = try db.cachedStatement(sql: "SELECT * FROM link_claims WHERE claimant = ?")
        let known = try Row.fetchOne(before, arguments: [claimant]).map(CustomerLinks.Claim.init)
        let claimed = user.flatMap { user in
            customer.map {
                CustomerLinks.Claim(
                    user: user,
                    customer: $0,
                    source: source.rawValue,
                    claimant: claimant,
                    event: event,
                    createdAt: Int64(now)
                )
            }
        }
        if let known, let claimed, known.user == claimed.user, known.customer == claimed.customer { return }
        if let known {
            try ledger.note(.withdrawn, known, event: event, at: now)
        }
        guard let claimed else {
            guard known != nil else { return }
            try db.cachedStatement(sql: "DELETE FROM link_claims WHERE claimant = ?").execute(arguments: [claimant])
            return
        }
        try ledger.note(.claimed, claimed, event: event, at: now)
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO link_claims (claimant, user_id, customer, source, event, created_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            claimant, claimed.user.rawValue, claimed.customer, claimed.source, claimed.event, claimed.createdAt,
        ])
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

extension CustomerLinks.Claim {
    init(_ row: Row) {
        self.init(
            user: UserID(stored: row["user_id"]),
            customer: row["customer"],
            source: row["source"],
            claimant: row["claimant"],
            event: row["event"],
            createdAt: row["created_at"]
        )
    }
}
