internal import GRDB

extension MirrorStore {
    /// Reads the file and writes to it, a row as it is: what only a working disk and an unlocked file let through.
    ///
    /// - Throws: ``MirrorError`` of what failed.
    public func checkReadsAndWrites() async throws(MirrorError) {
        try await checkReads()
        // The same value is written all the same, to the log and through to the disk.
        try await write { db in try db.execute(sql: "UPDATE sync_state SET id = id WHERE id = 1") }
    }

    /// Reads the file.
    ///
    /// - Throws: ``MirrorError`` of what failed.
    public func checkReads() async throws(MirrorError) {
        _ = try await read { db in try Int64.fetchOne(db, sql: "SELECT sequence FROM sync_state WHERE id = 1") }
    }
}
