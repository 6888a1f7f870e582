public import ServiceLifecycle

/// Wakes those who wait for an event or an object once Litestream has brought a change.
///
/// Nothing tells of one, so the file that Litestream writes after each is looked at.
public struct FollowedChanges: Service {
    /// How long a change goes unseen at most: a request waits for three seconds in all.
    static let interval: Duration = .milliseconds(100)

    private let store: MirrorStore
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - store: A mirror that is another machine's.
    ///   - clock: Counts the pauses.
    public init(store: MirrorStore, clock: any Clock<Duration> = ContinuousClock()) {
        self.store = store
        self.clock = clock
    }

    /// Looks until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            var seen = store.followed?.position
            while !Task.isCancelled {
                do {
                    try await clock.sleep(for: Self.interval)
                } catch {
                    break
                }
                seen = announce(since: seen)
            }
        }
    }

    /// - Returns: What Litestream has come to.
    func announce(since seen: FileStamp?) -> FileStamp? {
        let position = store.followed?.position
        if position != seen { store.arrivals.announceAll() }
        return position
    }
}
