internal import FoundationEssentials
internal import GRDB
internal import Stripe

/// `edges`: the steps that each object is known to have taken.
struct EdgeTable {
    let db: Database

    /// The edges that decide about an event: its twins, and whether versions that only a check has named are known.
    ///
    /// Loading these few keeps the cost of an update independent of how many came before it; a check looks through the
    /// edges of its own object.
    func edges(of objectID: String, concerning change: Change, and pending: [ObjectState.Pending]) throws -> [Edge] {
        var edges: [Edge] = []
        if case .updated(let parent, _) = change.kind, let revision = change.revision {
            let twins = try db.cachedStatement(
                sql: "SELECT * FROM edges WHERE object_id = ? AND parent = ? AND revision = ?"
            )
            edges += try Row.fetchAll(twins, arguments: [objectID, parent.data, revision.data]).map(edge)
        }
        let checks = ([change] + pending.map(\.change)).filter { $0.kind == .check }
        for revision in Set(checks.compactMap(\.revision)) {
            let touching = try db.cachedStatement(
                sql: "SELECT * FROM edges WHERE object_id = ? AND (parent = ? OR revision = ?) LIMIT 1"
            )
            edges += try Row.fetchAll(touching, arguments: [objectID, revision.data, revision.data]).map(edge)
        }
        return edges
    }

    func insert(_ edge: Edge, of objectID: String) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO edges (object_id, parent, revision, source, request, created)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        )
        try statement.execute(arguments: [
            objectID, edge.parent?.data ?? Data(), edge.revision.data, edge.source.text, edge.request, edge.created,
        ])
    }

    private func edge(_ row: Row) throws -> Edge {
        guard let revision = Revision(data: row["revision"]) else {
            throw MirrorError.inconsistent("edge without a revision")
        }
        return Edge(
            parent: Revision(data: row["parent"]),
            revision: revision,
            source: ObjectState.Source(text: row["source"]),
            request: row["request"],
            created: row["created"]
        )
    }
}
