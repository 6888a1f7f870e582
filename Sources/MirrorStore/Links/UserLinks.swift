internal import GRDB

/// The operator's side of links: what is claimed, and what is decided about it.
public struct UserLinks: Sendable {
    /// What a decision changed.
    public struct Decided: Sendable, Hashable, Encodable {
        /// What was done; nil where the operator had decided so already.
        public var change: LinkChange?
        /// The user's id.
        public var user: String
        /// `cus_…`.
        public var customer: String
        /// The user who had the customer by the operator's word until now.
        public var replaced: String?
        /// Whether the mirror has the customer.
        public var isCustomerKnown: Bool
        /// All that is said of the customer now.
        public var links: [UserLink]

        enum CodingKeys: String, CodingKey {
            case change, customer, replaced, links
            case user = "user_id"
            case isCustomerKnown = "customer_known"
        }
    }

    /// Which links are asked for.
    public struct Filter: Sendable, Hashable {
        /// Only links of this user.
        public var user: UserID?
        /// Only links of this customer.
        public var customer: String?
        /// Only links of customers that more than one user claims.
        public var conflictsOnly: Bool

        /// Creates a filter from its parts.
        public init(user: UserID? = nil, customer: String? = nil, conflictsOnly: Bool = false) {
            self.user = user
            self.customer = customer
            self.conflictsOnly = conflictsOnly
        }
    }

    private let store: MirrorStore

    /// Reads and writes a store.
    public init(store: MirrorStore) {
        self.store = store
    }

    // MARK: Decisions

    /// Decides that a customer is a user's and nobody else's, whatever Stripe's objects claim.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - customer: `cus_…`; the mirror need not have it yet.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What that changed.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func link(_ user: UserID, to customer: String, at now: Double) async throws(MirrorError) -> Decided {
        try await decide(.linked, user, customer, at: now)
    }

    /// Decides that a customer is not a user's: takes the operator's link of the two back, and sets every claim aside.
    ///
    /// - Throws: ``MirrorError`` where nothing was written.
    public func unlink(_ user: UserID, from customer: String, at now: Double) async throws(MirrorError) -> Decided {
        try await decide(.unlinked, user, customer, at: now)
    }

    /// Takes back what was decided about a customer and a user, so that Stripe's objects count again.
    ///
    /// - Returns: What that changed; `change` is nil where nothing was decided.
    /// - Throws: ``MirrorError`` where nothing was written.
    public func undo(_ user: UserID, _ customer: String, at now: Double) async throws(MirrorError) -> Decided {
        try await store.write { db in
            let table = LinkDecisionTable(db: db)
            let isDecided = try table.links(of: customer).decisions[user] != nil
            if isDecided {
                try table.delete(user, customer)
                try LinkLedgerTable(db: db).note(.undone, user, customer, at: now)
            }
            return try decided(isDecided ? .undone : nil, user, customer, db)
        }
    }

    private func decide(
        _ verdict: CustomerLinks.Verdict,
        _ user: UserID,
        _ customer: String,
        at now: Double
    ) async throws(MirrorError) -> Decided {
        try await store.write { db in
            let table = LinkDecisionTable(db: db)
            let ledger = LinkLedgerTable(db: db)
            let before = try table.links(of: customer)
            guard before.decisions[user]?.verdict != verdict else { return try decided(nil, user, customer, db) }
            var replaced: UserID?
            if verdict == .linked, let linked = before.linkedUser {
                replaced = linked
                try table.delete(linked, customer)
                try ledger.note(.undone, linked, customer, at: now)
            }
            try table.save(verdict, user, customer, at: Int64(now))
            let change: LinkChange = verdict == .linked ? .linked : .unlinked
            try ledger.note(change, user, customer, at: now)
            return try decided(change, user, customer, replaced: replaced, db)
        }
    }

    private func decided(
        _ change: LinkChange?,
        _ user: UserID,
        _ customer: String,
        replaced: UserID? = nil,
        _ db: Database
    ) throws -> Decided {
        let known = "SELECT EXISTS (SELECT 1 FROM customers WHERE id = ?)"
        return Decided(
            change: change,
            user: user.rawValue,
            customer: customer,
            replaced: replaced?.rawValue,
            isCustomerKnown: try Bool.fetchOne(db, sql: known, arguments: [customer]) ?? false,
            links: try LinkDecisionTable(db: db).links(of: customer).links
        )
    }

    // MARK: What is said

    /// Hands out all claims and decisions, by customer and user, from one snapshot and without holding them all.
    ///
    /// - Parameters:
    ///   - filter: Which are asked for.
    ///   - body: Gets one after another.
    /// - Throws: ``MirrorError`` where the mirror cannot be read, or what the body throws.
    public func forEach(_ filter: Filter, _ body: (UserLink) throws -> Void) throws {
        do {
            try store.readRethrowing { db in
                try LinkDecisionTable(db: db).forEachCustomer(filter) { links in
                    for link in links.links where filter.matches(link) {
                        try body(link)
                    }
                }
            }
        } catch let error as DatabaseError {
            throw MirrorError(error)
        }
    }
}

extension UserLinks.Filter {
    /// Of a customer all is read, because the standing of a claim depends on the others.
    fileprivate func matches(_ link: UserLink) -> Bool {
        user.map { $0.rawValue.utf8.elementsEqual(link.user.utf8) } ?? true
    }
}
