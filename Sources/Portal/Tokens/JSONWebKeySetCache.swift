public import Logging
internal import NIOConcurrencyHelpers
public import ServiceLifecycle
public import StripeClient

/// Keeps an issuer's key set: read at the start, ahead of its expiry, and when a token names a key that is not in it.
///
/// The last good set is kept however long the issuer is down: its keys do not turn bad, and refusing all users would help
/// nobody.
public final class JSONWebKeySetCache: Service {
    /// The shortest time between two fetches that tokens cause: anybody can make up an id of a key.
    public static let demandInterval: Duration = .seconds(30)

    private struct State: Sendable {
        var keyring: TokenKeyring?
        /// What ``keyring`` was made from.
        var bytes: [UInt8]?
        var failures = 0
        var lastDemand: Duration?
    }

    /// Where the set is read from.
    public let source: JSONWebKeySetSource
    private let transport: CurlTransport
    private let userAgent: String
    private let timeout: Duration
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let randomness: @Sendable () -> Double
    private let logger: Logger
    private let state = NIOLockedValueBox(State())
    private let fetches = SharedCalls<JSONWebKeySetSource, Duration>()

    /// A cache without a set.
    ///
    /// - Parameters:
    ///   - source: where the set is read from.
    ///   - transport: carries the requests; the caller shuts it down.
    ///   - userAgent: `portald/<version> (+<url>)`.
    ///   - timeout: the longest time for one fetch, for which a request may have to wait.
    ///   - clock: counts the pauses.
    ///   - randomness: a number in 0...1 for each pause.
    ///   - logger: gets a line for each outage, its end, and keys that cannot be used.
    public init(
        source: JSONWebKeySetSource,
        transport: CurlTransport,
        userAgent: String,
        timeout: Duration = .seconds(3),
        clock: some Clock<Duration> = ContinuousClock(),
        randomness: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        logger: Logger
    ) {
        self.source = source
        self.transport = transport
        self.userAgent = userAgent
        self.timeout = timeout
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        self.randomness = randomness
        self.logger = logger
    }

    /// The keys of the last good set; nil where there has been none.
    var keyring: TokenKeyring? { state.withLockedValue { $0.keyring } }

    /// Keeps the set fresh until the service is shut down.
    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let pause = await self.refreshOnce()
                do {
                    try await self.sleep(pause)
                } catch {
                    return
                }
            }
        }
    }

    /// Reads the set before it is used for the first time.
    ///
    /// - Throws: ``JSONWebKeySetError`` where there is none to use; nothing is logged of it.
    public func prepare() async throws(JSONWebKeySetError) {
        _ = try await read()
    }

    /// Reads the set once; those who ask at the same time share the reading.
    ///
    /// - Returns: the pause until it is to be read again.
    @discardableResult
    public func refreshOnce() async -> Duration {
        await fetches.value(for: source) { await self.load() } ?? .zero
    }

    /// Reads the set because a token asks for a key that is not in it; waits for a reading that is under way.
    func refreshOnDemand() async {
        if await fetches.valueUnderWay(for: source) != nil { return }
        let now = elapsed()
        let isDue = state.withLockedValue { state in
            if let last = state.lastDemand, now - last < Self.demandInterval { return false }
            state.lastDemand = now
            return true
        }
        if isDue { await refreshOnce() }
    }

    /// Reads the set; returns the pause until it is to be read again.
    private func load() async -> Duration {
        do throws(JSONWebKeySetError) {
            let lifetime = try await read()
            endOutage()
            return RefreshPause.ahead(ofExpiry: lifetime, randomness: randomness())
        } catch {
            // A reading that nobody waits for any more says nothing of the issuer.
            return Task.isCancelled ? .zero : pause(after: error)
        }
    }

    /// Reads the set; returns the seconds until it is to be read again.
    private func read() async throws(JSONWebKeySetError) -> Int {
        let reading = try await source.read(transport, userAgent: userAgent, timeout: timeout)
        if state.withLockedValue({ $0.bytes }) != reading.bytes {
            let set = try JSONWebKeySet(parsing: reading.bytes)
            try source.check(set)
            try await replace(set, reading.bytes)
        }
        return reading.lifetime
    }

    private func replace(_ set: JSONWebKeySet, _ bytes: [UInt8]) async throws(JSONWebKeySetError) {
        let keyring: TokenKeyring
        do {
            keyring = try await TokenKeyring(set.keys)
        } catch {
            throw .noUsableKey
        }
        state.withLockedValue { state in
            state.keyring = keyring
            state.bytes = bytes
        }
        for fault in set.faults {
            logger.warning("a key of the issuer's key set is passed over", metadata: ["cause": "\(fault)"])
        }
        logger.info("the issuer's key set was read", metadata: ["keys": "\(set.keys.count)"])
    }

    private func endOutage() {
        let failures = state.withLockedValue { state in
            defer { state.failures = 0 }
            return state.failures
        }
        if failures > 0 {
            logger.notice("the issuer's key set can be read again", metadata: ["failures": "\(failures)"])
        }
    }

    private func pause(after error: JSONWebKeySetError) -> Duration {
        let (failures, isLoaded) = state.withLockedValue { state in
            state.failures += 1
            return (state.failures, state.keyring != nil)
        }
        if failures == 1 {
            logger.warning(
                isLoaded
                    ? "the issuer's key set cannot be read; the last good one is used"
                    : "the issuer's key set cannot be read; its tokens are answered 503 until it can",
                metadata: ["cause": "\(error)"]
            )
        }
        return RefreshPause.after(failures: failures, randomness: randomness())
    }
}
