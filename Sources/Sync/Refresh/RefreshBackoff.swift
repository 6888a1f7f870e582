/// How long to wait before an object is read again after its read failed.
struct RefreshBackoff: Sendable {
    private var failures: [String: Int] = [:]

    /// Counts one more failure.
    ///
    /// - Parameters:
    ///   - objectID: The object.
    ///   - isTransient: Whether the next attempt may succeed without anybody's doing: then half a minute is the most.
    ///     Otherwise a person has to act, such as to correct a key, and an hour is.
    /// - Returns: How long to wait, in seconds.
    mutating func pause(for objectID: String, isTransient: Bool) -> Double {
        let failures = min((self.failures[objectID] ?? 0) + 1, 16)
        self.failures[objectID] = failures
        let pause = Double(1 << failures)
        return isTransient ? min(pause, 30) : min(30 * pause, 3600)
    }

    /// Forgets an object's failures.
    mutating func reset(_ objectID: String) {
        failures[objectID] = nil
    }
}
