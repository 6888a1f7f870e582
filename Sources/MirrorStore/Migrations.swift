internal import FoundationEssentials
internal import GRDB

/// The schema's history: the files of `migrations/`, in order, each applied once in a transaction of its own.
enum Migrations {
    /// One file of SQL.
    struct Step: Sendable {
        /// The file's name without its suffix.
        var name: String
        var sql: [UInt8]
    }

    static let steps = [
        Step(name: "0001_initial", sql: PackageResources._001_initial_sql),
        Step(name: "0002_sync", sql: PackageResources._002_sync_sql),
        Step(name: "0003_history", sql: PackageResources._003_history_sql),
        Step(name: "0004_links", sql: PackageResources._004_links_sql),
        Step(name: "0005_activity", sql: PackageResources._005_activity_sql),
        Step(name: "0006_webhook_secrets", sql: PackageResources._006_webhook_secrets_sql),
        Step(name: "0007_endpoint", sql: PackageResources._007_endpoint_sql),
        Step(name: "0008_replication", sql: PackageResources._008_replication_sql),
        Step(name: "0009_latest", sql: PackageResources._009_latest_sql),
    ]

    static let migrator: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        for step in steps {
            migrator.registerMigration(step.name) { db in
                try db.execute(sql: String(decoding: step.sql, as: UTF8.self))
            }
        }
        return migrator
    }()

    /// Refuses a file that a newer version wrote, or another program.
    static func refuseOthers(_ db: Database, path: String) throws {
        if try migrator.hasBeenSuperseded(db) {
            throw MirrorError.newerSchema(path: path)
        }
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        // Litestream, which may have been first, has tables of its own.
        if !tables.contains("grdb_migrations"), tables.contains(where: { !$0.hasPrefix("_litestream_") }) {
            throw MirrorError.foreign(path: path)
        }
    }

    /// Refuses these, and a file of an older version too.
    static func requireCurrent(_ db: Database, path: String) throws {
        try refuseOthers(db, path: path)
        guard try migrator.hasCompletedMigrations(db) else {
            throw MirrorError.unusable(path: path, reason: "its schema is older; run 'portald migrate'")
        }
    }
}
