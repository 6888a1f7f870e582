internal import GRDB

/// `link_decisions` beside `link_claims`: what the operator decided, and about what.
struct LinkDecisionTable {
    let db: Database

    func save(_ verdict: CustomerLinks.Verdict, _ user: UserID, _ customer: String, at now: Int64) throws {
        let sql = """
            INSERT OR REPLACE INTO link_decisions (customer, user_id, verdict, decided_at) VALUES (?, ?, ?, ?)
            """
        try db.execute(sql: sql, arguments: [customer, user.rawValue, verdict.rawValue, now])
    }

    func delete(_ user: UserID, _ customer: String) throws {
        let sql = "DELETE FROM link_decisions WHERE customer = ? AND user_id = ?"
        try db.execute(sql: sql, arguments: [customer, user.rawValue])
    }

    /// All that is said of a customer now.
    func links(of customer: String) throws -> CustomerLinks {
        var found = CustomerLinks(customer: customer)
        try forEachCustomer(UserLinks.Filter(customer: customer)) { found = $0 }
        return found
    }

    /// Hands out what is said of each customer, by their ids.
    func forEachCustomer(_ filter: UserLinks.Filter, _ body: (CustomerLinks) throws -> Void) throws {
        let (condition, arguments) = Self.condition(filter)
        // Both halves come in the order of an index, so that nothing is sorted.
        let sql = """
            SELECT customer, user_id, claimant, source, event, created_at, NULL AS verdict
            FROM link_claims WHERE \(condition)
            UNION ALL
            SELECT customer, user_id, NULL, NULL, NULL, decided_at, verdict
            FROM link_decisions WHERE \(condition)
            ORDER BY customer
            """
        var current: CustomerLinks?
        let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments + arguments)
        while let row = try rows.next() {
            let customer: String = row["customer"]
            if let done = current, done.customer != customer {
                try body(done)
                current = nil
            }
            var links = current ?? CustomerLinks(customer: customer)
            if let text: String = row["verdict"] {
                guard let verdict = CustomerLinks.Verdict(rawValue: text) else {
                    throw MirrorError.inconsistent("unknown verdict on a link")
                }
                links.decide(verdict, for: UserID(stored: row["user_id"]), at: row["created_at"])
            } else {
                links.claim(CustomerLinks.Claim(row))
            }
            current = links
        }
        if let current {
            try body(current)
        }
    }

    private static func condition(_ filter: UserLinks.Filter) -> (sql: String, arguments: StatementArguments) {
        var conditions = ["TRUE"]
        var arguments = StatementArguments()
        if let customer = filter.customer {
            conditions.append("customer = ?")
            arguments += [customer]
        }
        if let user = filter.user {
            conditions.append(
                """
                customer IN (
                    SELECT customer FROM link_claims WHERE user_id = ?
                    UNION SELECT customer FROM link_decisions WHERE user_id = ?
                )
                """
            )
            arguments += [user.rawValue, user.rawValue]
        }
        if filter.conflictsOnly {
            conditions.append("customer IN (SELECT customer FROM link_conflicts)")
        }
        return (conditions.joined(separator: " AND "), arguments)
    }
}
