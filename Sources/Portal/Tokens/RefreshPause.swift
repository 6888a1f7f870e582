/// How long to wait before a key set is read again.
enum RefreshPause {
    /// About 80 % of its lifetime, spread so that many daemons do not ask at once.
    static func ahead(ofExpiry lifetime: Int, randomness: Double) -> Duration {
        .seconds(Double(lifetime) * (0.75 + 0.1 * randomness))
    }

    /// 1 s, doubled with each failure up to a minute, of which a random half is taken away.
    static func after(failures: Int, randomness: Double) -> Duration {
        .seconds(min(60, Double(1 << min(failures - 1, 6))) * (0.5 + 0.5 * randomness))
    }
}
