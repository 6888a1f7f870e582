/// What a daemon is among several machines with one mirror.
enum Role: String, Sendable, CaseIterable {
    /// It takes in webhooks and writes the mirror.
    case primary
    /// It answers users from a copy of the primary's mirror that Litestream brings, and writes nothing.
    case portal
}
