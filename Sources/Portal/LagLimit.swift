internal import MirrorStore

/// How far a mirror that is followed from another machine may lag behind for an answer from it.
public struct LagLimit: Sendable {
    private let seconds: Double
    private let now: @Sendable () -> Double

    /// - Parameters:
    ///   - seconds: The longest time since the primary's last sign of life.
    ///   - now: Unix seconds by this machine's clock.
    public init(seconds: Double, now: @escaping @Sendable () -> Double) {
        self.seconds = seconds
        self.now = now
    }

    /// Lets a snapshot pass that is recent enough.
    ///
    /// - Throws: ``PortalFailure`` with ``PortalError/mirrorStale``.
    func admit(_ snapshot: MirrorReader.Snapshot) throws(PortalFailure) {
        guard let lag = snapshot.heartbeatAt.map({ max(0, now() - $0) }) else {
            throw PortalFailure(.mirrorStale, cause: "the primary has not given a sign of life yet")
        }
        guard lag <= seconds else {
            throw PortalFailure(.mirrorStale, cause: "the primary's last sign of life is \(Int(lag)) s old")
        }
    }
}
