internal import FoundationEssentials
internal import GRDB
internal import Glibc

/// Makes a mirror of this machine's own from the last state that Litestream has brought.
///
/// What the primary took in after that state is lost with it and comes again: Stripe lists the events, whether it has
/// delivered them or not, and the first sweep of the new primary goes back to the last one in the file.
///
/// It may be cut short anywhere: the claim is kept beside the mirror until all is done, and the same command goes on from there.
public struct MirrorPromotion: Sendable {
    /// How long readers may keep the file from being changed, in seconds, and the microseconds between two tries.
    private static let patience = (seconds: 30.0, pause: useconds_t(2_000))

    /// The mirror's name.
    public let path: String
    /// The file that it leads to.
    private let file: String
    /// The epoch that the mirror is of until now.
    public let epoch: Int
    /// The claim of a promotion that was cut short once the mirror was of its epoch: it holds the epoch already.
    public let begun: EpochClaim?

    /// Looks whether a followed mirror can become a primary's, and changes nothing.
    ///
    /// - Throws: ``MirrorError`` where it cannot: it is followed into, Litestream has left it in the middle of a change, it
    ///   is damaged, of another schema or of the other mode.
    public init(of path: String, livemode: Bool) throws(MirrorError) {
        guard let file = DatabaseFile.real(path) else {
            throw .unusable(path: path, reason: "there is no such file")
        }
        self.path = path
        self.file = file
        if let claim = try Self.keptClaim(of: path), try Self.isOf(claim, file) {
            epoch = claim.epoch
            begun = claim
            return
        }
        guard FollowedFile.isFollowed(path) else {
            throw .unusable(path: path, reason: "no Litestream has followed into it; it is a primary's already")
        }
        let writers = DatabaseFile.writers(of: file)
        guard writers.isEmpty else {
            let names = writers.map { "\($0.name) (process \($0.process))" }.joined(separator: ", ")
            throw .unusable(path: path, reason: "\(names) still writes to it; stop portald-follow first")
        }
        let store = MirrorStore.openFollowed(path: path, livemode: livemode)
        do {
            if MirrorCheck.length(of: path) <= MirrorCheck.startLimit { try MirrorCheck.run(on: path) }
            epoch = try store.readBlocking { db in try ReplicationTable(db: db).state() }.epoch
            try store.close()
        } catch {
            throw MirrorError(error)
        }
        begun = nil
    }

    // MARK: The claim

    /// Where a claim on the next epoch is kept from before it is made until the mirror is a primary's.
    static func draft(of path: String) -> String { path + "-promotion" }

    private var draft: String { Self.draft(of: path) }

    /// Nil where there is none, and where it was not written to its end: then nothing was claimed with it.
    private static func keptClaim(of path: String) throws(MirrorError) -> EpochClaim? {
        guard FileManager.default.fileExists(atPath: draft(of: path)) else { return nil }
        do {
            return try EpochClaim(from: draft(of: path))
        } catch {
            guard error.isOfContents else { throw error }
            return nil
        }
    }

    /// Whether a mirror is the primary's of a claim; one that is torn may not be readable, and is nobody's.
    private static func isOf(_ claim: EpochClaim, _ file: String) throws(MirrorError) -> Bool {
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(patience.seconds)
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            let state = try queue.read { db in try ReplicationTable(db: db).state() }
            try queue.close()
            return state.epoch == claim.epoch && state.claim == claim.token
        } catch {
            let error = MirrorError(error)
            guard error.isOfContents else { throw error }
            return false
        }
    }

    /// The claim on the next epoch: that of a promotion which was cut short, or a new one.
    ///
    /// - Parameters:
    ///   - host: The name of this machine.
    ///   - now: Unix seconds by this machine's clock.
    ///   - epoch: The epoch, where it is not the next one.
    /// - Returns: The claim.
    /// - Throws: ``MirrorError`` where it cannot be kept.
    public func claim(host: String, at now: Double, epoch: Int? = nil) throws(MirrorError) -> EpochClaim {
        let wanted = epoch ?? self.epoch + 1
        if let kept = try Self.keptClaim(of: path), kept.epoch == wanted { return kept }
        try discardClaim()
        let claim = EpochClaim(epoch: wanted, host: host, at: now)
        try claim.write(to: draft)
        return claim
    }

    /// Forgets the claim: the epoch is not this machine's, or the mirror is of it now.
    ///
    /// - Throws: ``MirrorError`` where it cannot be removed.
    public func discardClaim() throws(MirrorError) {
        for suffix in ["-wal", "-shm", ""] { try Self.remove(draft + suffix) }
    }

    // MARK: The mirror

    /// Begins the epoch in the file, and takes it out of Litestream's hands.
    ///
    /// - Parameters:
    ///   - claim: Holds the epoch in the replica.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError``; called again, it goes on.
    public func begin(_ claim: EpochClaim, at now: Double) throws(MirrorError) {
        if begun == nil { try mark(claim, at: now) }
        try finish(claim)
    }

    /// The first step: from here on the file is of the new epoch, and of no use to a follower.
    func mark(_ claim: EpochClaim, at now: Double, patience: Double = patience.seconds) throws(MirrorError) {
        do {
            var configuration = Configuration()
            // Users may be answered from it meanwhile.
            configuration.busyMode = .timeout(patience)
            let queue = try DatabaseQueue(path: file, configuration: configuration)
            try leaveWAL(queue, within: patience)
            try queue.inDatabase { db in
                try db.execute(sql: "PRAGMA synchronous = FULL")
                try db.inTransaction {
                    try ReplicationTable(db: db).begin(claim.epoch, claim: claim.token, at: now)
                    return .commit
                }
            }
            try queue.close()
        } catch {
            throw MirrorError(error)
        }
    }

    /// What is committed has to be in the file, which is about to be renamed, and not in a log beside it. Only one that has the file to
    /// itself can leave that mode, and SQLite does not wait for it: https://www.sqlite.org/pragma.html#pragma_journal_mode
    private func leaveWAL(_ queue: DatabaseQueue, within patience: Double) throws {
        let deadline = ContinuousClock.now + .seconds(patience)
        while true {
            let mode: String?
            do {
                mode = try queue.inDatabase { db in try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE") }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                mode = nil
            }
            if mode == "delete" { return }
            guard ContinuousClock.now < deadline else {
                throw MirrorError.unusable(
                    path: path,
                    reason: "programs read it all the time; stop portald and try again"
                )
            }
            usleep(Self.patience.pause)
        }
    }

    /// The further steps, each of which may have been taken already.
    func finish(_ claim: EpochClaim) throws(MirrorError) {
        try Self.remove(file + FollowedFile.positionSuffix)
        // Where the name is a link, the file takes its place; renaming a file to itself changes nothing.
        guard unsafe rename(file, path) == 0 else {
            throw .unusable(path: file, reason: "it cannot be renamed to \(path)")
        }
        try DatabaseFile.syncFolder(of: path)
        guard try Self.isOf(claim, path) else {
            throw .unusable(path: path, reason: "it is not of epoch \(claim.epoch); run 'portald promote' again")
        }
        do {
            // The one that was not shown, and what is older.
            try FollowedLink(path: path).removeFiles(except: [])
        } catch {
            throw .unusable(path: path, reason: "files beside it cannot be removed: \(error)")
        }
        try LitestreamFolder(database: path).remove()
        try discardClaim()
    }

    private static func remove(_ path: String) throws(MirrorError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw .unusable(path: path, reason: "it cannot be removed")
        }
    }
}
