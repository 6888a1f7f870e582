internal import GRDB

/// Reads what the mirror knows of a user, for `portald explain`.
struct UserRecordReader {
    let db: Database
    let user: UserID
    /// Unix seconds; nil for now.
    let time: Double?
    /// How many versions of each row are told of.
    let limit: Int

    func record() throws -> UserRecord {
        let links = try links()
        let (snapshot, isFillingKnown) = try snapshot(links)
        let since = try Row.fetchOne(db, sql: "SELECT history_since, links_since FROM sync_state")
        var objects: [UserRecord.Object] = []
        for customer in snapshot.customers {
            objects += [try object(customer.id, kind: .customer, customer: nil)].compactMap(\.self)
            objects += try customer.subscriptions.sorted { ($0.created ?? 0, $0.id) > ($1.created ?? 0, $1.id) }
                .compactMap { try object($0.id, kind: .subscription, customer: customer.id) }
        }
        return UserRecord(
            time: time,
            snapshot: snapshot,
            isFillingKnown: isFillingKnown,
            links: links.sorted { ($0.createdAt, $0.claimant ?? "") < ($1.createdAt, $1.claimant ?? "") },
            objects: objects,
            historySince: since?["history_since"] ?? 0,
            linksSince: since?["links_since"] ?? 0,
            requests: try requests()
        )
    }

    // MARK: Links

    private func links() throws -> [UserLink] {
        let ledger = LinkLedgerTable(db: db)
        return try ledger.customers(of: user).flatMap { customer in
            try ledger.links(of: customer, at: time ?? .infinity).links.filter { UserID(stored: $0.user) == user }
        }
    }

    // MARK: Requests

    private func requests() throws -> [AnsweredRequest] {
        let sql = "SELECT * FROM portal_requests WHERE user_id = ? AND at <= ? ORDER BY at DESC LIMIT ?"
        return try Row.fetchAll(db, sql: sql, arguments: [user.rawValue, time ?? .infinity, limit])
            .map(AnsweredRequest.init)
    }

    // MARK: What the portal decides by

    /// Now, it is read as the portal reads it.
    private func snapshot(_ links: [UserLink]) throws -> (MirrorReader.Snapshot, isFillingKnown: Bool) {
        guard let time else { return (try MirrorReader.snapshot(of: user, db), true) }
        let finishedAt = try Double.fetchOne(
            db,
            sql: "SELECT min(finished_at) FROM passes WHERE purpose = 'backfill'"
        )
        let open = links.filter { $0.standing == .inForce || $0.standing == .conflict }
        let customers = try Dictionary(grouping: open, by: \.customer).sorted { $0.key < $1.key }.map { id, links in
            let row = try Row.fetchOne(db, sql: "SELECT created FROM customers WHERE id = ?", arguments: [id])
            let shown = try versions(of: id, limit: 1).first
            return LinkedCustomer(
                id: id,
                created: shown == nil ? nil : row?["created"],
                deleted: shown?.deleted ?? false,
                isClaimedByOthers: links.contains { $0.standing == .conflict },
                isClaimedByMetadata: links.contains {
                    $0.source != UserLinkSource.checkoutClientReferenceID.rawValue
                },
                subscriptions: try subscriptions(of: id)
            )
        }
        // Of several backfills the latest is kept: an earlier one may have filled the mirror before.
        let snapshot = MirrorReader.Snapshot(customers: customers, isFilled: finishedAt != nil)
        return (snapshot, finishedAt.map { $0 <= time } ?? true)
    }

    private func subscriptions(of customer: String) throws -> [LinkedSubscription] {
        let sql = "SELECT id, created FROM subscriptions WHERE customer = ?"
        return try Row.fetchAll(db, sql: sql, arguments: [customer]).compactMap { row in
            let id: String = row["id"]
            guard let shown = try versions(of: id, limit: 1).first, !shown.deleted, let status = shown.status else {
                return nil
            }
            return LinkedSubscription(id: id, status: status, created: row["created"])
        }
    }

    // MARK: Rows

    private func versions(of objectID: String, limit: Int) throws -> [UserRecord.Version] {
        let sql = "SELECT * FROM history WHERE object_id = ? AND at <= ? ORDER BY sequence DESC LIMIT ?"
        return try Row.fetchAll(db, sql: sql, arguments: [objectID, time ?? .infinity, limit]).map { row in
            UserRecord.Version(
                at: row["at"],
                source: row["source"],
                status: row["status"],
                deleted: row["deleted"],
                confirmed: row["confirmed"]
            )
        }
    }

    private func object(_ id: String, kind: MirroredKind, customer: String?) throws -> UserRecord.Object? {
        let history = try versions(of: id, limit: limit)
        guard let shown = history.first else { return nil }
        var object = UserRecord.Object(
            id: id,
            kind: kind.rawValue,
            customer: customer,
            shown: shown,
            standingSince: try standingSince(of: id, shown),
            pending: [],
            history: history
        )
        guard time == nil else { return object }
        let state =
            "SELECT due_at, read_error, nullif(checked_at, 0) AS checked_at FROM object_states WHERE object_id = ?"
        if let row = try Row.fetchOne(db, sql: state, arguments: [id]) {
            object.dueAt = row["due_at"]
            object.readError = row["read_error"]
            object.checkedAt = row["checked_at"]
        }
        object.pending = try pending(of: id)
        return object
    }

    private func pending(of objectID: String) throws -> [UserRecord.PendingEvent] {
        let sql = "SELECT event, kind, created, barred FROM pending_events WHERE object_id = ? ORDER BY position"
        return try Row.fetchAll(db, sql: sql, arguments: [objectID]).map { row in
            UserRecord.PendingEvent(
                event: row["event"],
                kind: row["kind"],
                created: row["created"],
                isBarred: row["barred"]
            )
        }
    }

    private func standingSince(of objectID: String, _ shown: UserRecord.Version) throws -> Double {
        let sql = """
            SELECT min(at) FROM history WHERE object_id = ?1 AND at <= ?2 AND sequence > coalesce(
                (SELECT max(sequence) FROM history WHERE object_id = ?1 AND at <= ?2 AND confirmed <> ?3), -1
            )
            """
        let arguments: StatementArguments = [objectID, time ?? .infinity, shown.confirmed]
        return try Double.fetchOne(db, sql: sql, arguments: arguments) ?? shown.at
    }
}
