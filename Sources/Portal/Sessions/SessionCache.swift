internal import Foundation
internal import MirrorStore

/// Sessions that were active a moment ago, by the SHA-256 of each, so that a dump of memory holds none.
struct SessionCache: Sendable {
    /// How many sessions are kept.
    static let capacity = 10_000
    /// Seconds that an answer counts: as long as a session that was ended may still open the portal.
    static let lifetime: TimeInterval = 30

    private struct Entry: Sendable {
        let user: UserID
        let from: Date
        let until: Date
    }

    /// Filled until it holds half of the capacity; then it takes the place of ``older``.
    private var newer: [[UInt8]: Entry] = [:]
    private var older: [[UInt8]: Entry] = [:]

    var count: Int { newer.count + older.count }

    /// Nil where the session has to be asked about, also where the clock was set back.
    func user(of digest: [UInt8], now: Date) -> UserID? {
        guard let entry = newer[digest] ?? older[digest], (entry.from..<entry.until).contains(now) else { return nil }
        return entry.user
    }

    /// Keeps that a session was active at `now`, for no longer than until it ends by itself (seconds since 1970).
    mutating func insert(_ user: UserID, for digest: [UInt8], now: Date, expiration: TimeInterval?) {
        let latest = now.addingTimeInterval(Self.lifetime)
        let until = expiration.map { min(latest, Date(timeIntervalSince1970: $0)) } ?? latest
        guard until > now else { return }
        if newer.count >= Self.capacity / 2 {
            older = newer
            newer = [:]
        }
        newer[digest] = Entry(user: user, from: now, until: until)
    }
}
