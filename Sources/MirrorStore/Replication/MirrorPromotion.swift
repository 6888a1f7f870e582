internal import FoundationEssentials
internal import GRDB
internal import Glibc

/// Makes a mirror of this machine's own from the last state that Litestream has brought.
///
/// What the primary took in after that state is lost with it and comes again: Stripe lists the events, whether it has
/// delivered them or not, and the first sweep of the new primary goes back to the last one in the file.
public struct MirrorPromotion: Sendable {
    /// The mirror's name.
    public let path: String
    /// The file that it leads to.
    private let file: String
    /// The epoch that the mirror is of until now.
    public let epoch: Int

    /// Looks whether a followed mirror can become a primary's, and changes nothing.
    ///
    /// - Throws: ``MirrorError`` where it cannot: it is followed into, Litestream has left it in the middle of a change, it
    ///   is damaged, of another schema or of the other mode.
    public init(of path: String, livemode: Bool) throws(MirrorError) {
        guard let file = DatabaseFile.real(path) else {
            throw .unusable(path: path, reason: "there is no such file")
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
        self.path = path
        self.file = file
    }

    /// Where a claim on the next epoch is kept from before it is made until the mirror is of that epoch, so that a promotion
    /// that was cut short can be taken up again.
    private var draft: String { path + "-promotion" }

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
        if FileManager.default.fileExists(atPath: draft) {
            let kept = try EpochClaim(from: draft)
            if kept.epoch == wanted { return kept }
            try discardClaim()
        }
        let claim = EpochClaim(epoch: wanted, host: host, at: now)
        try claim.write(to: draft)
        return claim
    }

    /// Forgets the claim: the epoch is not this machine's, or the mirror is of it now.
    ///
    /// - Throws: ``MirrorError`` where it cannot be removed.
    public func discardClaim() throws(MirrorError) {
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: draft + suffix) {
            guard unsafe unlink(draft + suffix) == 0 else {
                throw .unusable(path: draft + suffix, reason: "it cannot be removed")
            }
        }
    }

    /// Begins the epoch in the file, and takes it out of Litestream's hands.
    ///
    /// - Parameters:
    ///   - claim: Holds the epoch in the replica.
    ///   - now: Unix seconds by this machine's clock.
    /// - Throws: ``MirrorError``.
    public func begin(_ claim: EpochClaim, at now: Double) throws(MirrorError) {
        do {
            var configuration = Configuration()
            // Users may be answered from it meanwhile.
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: file, configuration: configuration)
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
        let position = file + FollowedFile.positionSuffix
        guard unsafe unlink(position) == 0 else { throw .unusable(path: position, reason: "it cannot be removed") }
        // Where the name is a link, the file takes its place; renaming a file to itself changes nothing. SQLite has merged
        // and removed what was beside it.
        guard unsafe rename(file, path) == 0 else {
            throw .unusable(path: file, reason: "it cannot be renamed to \(path)")
        }
        try LitestreamFolder(database: path).remove()
        try discardClaim()
    }
}
