internal import FoundationEssentials
internal import GRDB
internal import Stripe

/// `webhook_endpoint`: the endpoint at Stripe, as it was last seen.
struct EndpointTable {
    let db: Database

    func state() throws -> EndpointState? {
        let sql = "SELECT url, endpoint, faults, since, checked_at FROM webhook_endpoint WHERE id = 1"
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql)) else { return nil }
        let text: String = row["faults"]
        let faults: [EndpointFault]
        do {
            faults = try JSONDecoder().decode([EndpointFault].self, from: Data(text.utf8))
        } catch {
            throw MirrorError.inconsistent("webhook_endpoint has faults that cannot be read")
        }
        return EndpointState(
            url: row["url"],
            endpoint: row["endpoint"],
            faults: faults,
            since: row["since"],
            checkedAt: row["checked_at"]
        )
    }

    func save(_ state: EndpointState) throws {
        let faults = String(decoding: try JSONEncoder().encode(state.faults), as: UTF8.self)
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO webhook_endpoint (id, url, endpoint, faults, since, checked_at)
                VALUES (1, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [state.url, state.endpoint, faults, state.since, state.checkedAt])
    }

    func clear() throws {
        try db.cachedStatement(sql: "DELETE FROM webhook_endpoint").execute()
    }
}
