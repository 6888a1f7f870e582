/// Whether a followed mirror that lags too far answers users.
enum StalePolicy: String, Sendable, CaseIterable {
    /// It does, and the answers say how far.
    case serve
    /// It does not.
    case refuse
}
