internal import Foundation
public import MirrorStore

/// Who the primary of each epoch is, kept in the replica itself: of several that want to be it, one becomes it.
///
/// A replica has no compare-and-swap that all of Litestream's stores share. So a claim is looked for, written, and after a
/// while read back, as in Fischer's mutual exclusion (Lamport, A Fast Mutual Exclusion Algorithm, 1987): whoever saw
/// no claim has written within a set time of that look or not at all, so once that time has passed after one's own write, the
/// first state in the place stays as it is, and whose it is holds the epoch. Durations alone count, no machine's clock.
public struct EpochClaims: Sendable {
    /// The longest time from the look to the end of the write.
    static let writing: Duration = .seconds(5)
    /// The pause before the claim is read back; longer than that.
    static let settling: Duration = .seconds(6)

    private let litestream: Litestream
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - litestream: Reaches the replica.
    ///   - clock: Counts the time that a claim takes.
    public init(litestream: Litestream, clock: any Clock<Duration> = ContinuousClock()) {
        self.litestream = litestream
        self.clock = clock
    }

    /// Why an epoch is not this machine's.
    public enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// It is another's.
        case taken(EpochClaim)
        /// The replica was too slow for the claim to be safe; it may stand in the way of the next.
        case slow(epoch: Int)
        /// The epoch does not follow on the newest that is claimed, whose primary would not hear of it.
        case gap(epoch: Int, newest: Int)
        /// The replica already holds a mirror of that epoch that nobody claims.
        case unclaimedMirror(epoch: Int)
        /// The replica cannot be asked.
        case litestream(LitestreamError)
        /// The claim cannot be written to this machine's disk.
        case store(MirrorError)

        /// What is wrong and what to do.
        public var description: String {
            switch self {
            case .taken(let claim):
                "epoch \(claim.epoch) is the primary's on \(claim.host), since "
                    + Date(timeIntervalSince1970: claim.claimedAt.rounded(.down)).ISO8601Format()
            case .slow(let epoch):
                "epoch \(epoch) could not be claimed: the replica took longer than \(EpochClaims.writing) to write. See whether "
                    + "Litestream can write there, and try again; where this epoch is then said to be taken, with the next"
            case .gap(let epoch, let newest):
                "epoch \(epoch) does not follow on the newest that is claimed, \(newest); give \(newest + 1)"
            case .unclaimedMirror(let epoch):
                "the replica holds a mirror of epoch \(epoch) that no primary claims; give another path in the replica"
            case .litestream(let error): "\(error)"
            case .store(let error): "\(error)"
            }
        }
    }

    /// The claim of an epoch; nil where there is none.
    ///
    /// - Throws: ``Refusal`` where the replica cannot be asked.
    public func holder(of epoch: Int) async throws(Refusal) -> EpochClaim? {
        do throws(LitestreamError) {
            guard try await litestream.holds(.claim(epoch: epoch)) else { return nil }
        } catch {
            throw .litestream(error)
        }
        return try await read(epoch)
    }

    /// The newest epoch that is claimed; nil where none is.
    ///
    /// - Parameter known: An epoch that surely was, to begin with; epochs are claimed one after another.
    /// - Returns: Its claim.
    /// - Throws: ``Refusal`` where the replica cannot be asked.
    public func newest(from known: Int = 0) async throws(Refusal) -> EpochClaim? {
        var newest: EpochClaim?
        var epoch = max(1, known)
        while let claim = try await holder(of: epoch) {
            newest = claim
            epoch += 1
        }
        return newest
    }

    /// Claims an epoch; one that this very claim holds already stays its.
    ///
    /// - Parameters:
    ///   - claim: The claim.
    ///   - known: The epoch that the mirror is of; the claims after it have to be there up to this one.
    /// - Throws: ``Refusal`` where it is not this machine's.
    public func claim(_ claim: EpochClaim, after known: Int) async throws(Refusal) {
        if claim.epoch > known + 1 {
            let newest = try await newest(from: known + 1)?.epoch ?? known
            guard newest >= claim.epoch - 1 else { throw .gap(epoch: claim.epoch, newest: newest) }
        }
        let began = ContinuousClock.now
        var failure: LitestreamError?
        if let holder = try await holder(of: claim.epoch) {
            // Whoever wrote it may not have seen the pause through.
            guard holder.token == claim.token else { throw .taken(holder) }
        } else {
            let left = Self.writing - (ContinuousClock.now - began)
            guard left > .zero else { throw .slow(epoch: claim.epoch) }
            // Two writes at once can fail and be there all the same: what is read back counts.
            failure = try await write(claim, within: left)
            if failure == .timedOut { throw .slow(epoch: claim.epoch) }
        }
        do {
            try await clock.sleep(for: Self.settling)
        } catch {
            throw .slow(epoch: claim.epoch)
        }
        guard let holder = try await holder(of: claim.epoch) else {
            throw .litestream(failure ?? .failed("the claim is not in the replica"))
        }
        guard holder.token == claim.token else { throw .taken(holder) }
    }

    /// - Returns: What Litestream says went wrong.
    private func write(_ claim: EpochClaim, within limit: Duration) async throws(Refusal) -> LitestreamError? {
        try await inFolder { folder async throws(Refusal) in
            let file = folder.appending(path: "claim.db").path
            do throws(MirrorError) {
                try claim.write(to: file)
            } catch {
                throw .store(error)
            }
            do throws(LitestreamError) {
                try await litestream.copy(file, to: .claim(epoch: claim.epoch), within: limit)
                return nil
            } catch {
                return error
            }
        }
    }

    private func read(_ epoch: Int) async throws(Refusal) -> EpochClaim {
        try await inFolder { folder async throws(Refusal) in
            let file = folder.appending(path: "claim.db").path
            do throws(LitestreamError) {
                // Whoever came later has added to it.
                try await litestream.restoreFirst(.claim(epoch: epoch), to: file)
            } catch {
                throw .litestream(error)
            }
            do throws(MirrorError) {
                return try EpochClaim(from: file)
            } catch {
                throw .store(error)
            }
        }
    }

    /// Hands out a folder that is gone afterwards.
    private func inFolder<Value>(_ body: (URL) async throws(Refusal) -> Value) async throws(Refusal) -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "portald-claim-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .store(.unusable(path: folder.path, reason: "it cannot be made"))
        }
        // A leftover in the folder for temporary files is swept by the system.
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
