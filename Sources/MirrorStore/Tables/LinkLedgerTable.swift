internal import GRDB

/// `link_ledger`: every change of a claim and every decision, for good.
struct LinkLedgerTable {
    let db: Database

    /// Notes a change of a claim.
    ///
    /// - Parameters:
    ///   - change: What became of the claim.
    ///   - claim: The claim.
    ///   - event: The event that brought the change; nil where a read did.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: GRDB's error where nothing was written.
    func note(_ change: LinkChange, _ claim: CustomerLinks.Claim, event: String?, at now: Double) throws {
        try insert([
            now, change.rawValue, claim.user.rawValue, claim.customer, claim.source, claim.claimant, event,
        ])
    }

    /// Notes what the operator decided.
    func note(_ change: LinkChange, _ user: UserID, _ customer: String, at now: Double) throws {
        try insert([
            now, change.rawValue, user.rawValue, customer, UserLinkSource.operator.rawValue, nil, nil,
        ])
    }

    private func insert(_ values: StatementArguments) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO link_ledger (at, change, user_id, customer, source, claimant, event)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: values)
    }

    /// Customers that have ever been a user's, or were said to be.
    func customers(of user: UserID) throws -> [String] {
        let sql = "SELECT DISTINCT customer FROM link_ledger WHERE user_id = ? ORDER BY customer"
        return try String.fetchAll(db, sql: sql, arguments: [user.rawValue])
    }

    /// What was said of a customer at a time.
    func links(of customer: String, at time: Double) throws -> CustomerLinks {
        let sql = "SELECT * FROM link_ledger WHERE customer = ? AND at <= ? ORDER BY id"
        var links = CustomerLinks(customer: customer)
        for row in try Row.fetchAll(db, sql: sql, arguments: [customer, time]) {
            guard let change = LinkChange(rawValue: row["change"]) else {
                throw MirrorError.inconsistent("unknown change of a link")
            }
            let user = UserID(stored: row["user_id"])
            let at = Int64(row["at"] as Double)
            switch change {
            case .claimed:
                links.claim(
                    CustomerLinks.Claim(
                        user: user,
                        customer: customer,
                        source: row["source"],
                        claimant: row["claimant"] ?? "",
                        event: row["event"],
                        createdAt: at
                    )
                )
            case .withdrawn: links.withdraw(by: row["claimant"] ?? "")
            case .linked: links.decide(.linked, for: user, at: at)
            case .unlinked: links.decide(.unlinked, for: user, at: at)
            case .undone: links.undo(for: user)
            }
        }
        return links
    }
}
