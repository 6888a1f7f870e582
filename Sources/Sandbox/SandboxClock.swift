/// The sandbox's time in Unix seconds: the given clock, which can be frozen and moved forward.
struct SandboxClock: Sendable {
    private let source: @Sendable () -> Int
    private var frozenAt: Int?
    private var offset = 0
    private var last = 0

    init(source: @escaping @Sendable () -> Int) {
        self.source = source
    }

    /// The present time.
    ///
    /// It never falls, so that objects are always created in the order of `created`.
    mutating func now() -> Int {
        last = max(last, (frozenAt ?? source()) + offset)
        return last
    }

    /// The time that deliveries are signed with: the given clock's, whatever is done to this one.
    var signingTime: Int { source() }

    /// Stops the clock, so that all that follows happens in one second, or lets it go on.
    mutating func setFrozen(_ isFrozen: Bool) {
        frozenAt = isFrozen ? frozenAt ?? source() : nil
    }

    mutating func advance(by seconds: Int) {
        offset += seconds
    }
}
