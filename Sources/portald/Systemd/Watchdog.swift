import Glibc
import Logging
import MirrorStore
import ServiceLifecycle

/// Lets systemd restart a daemon that hangs: it is told three times in each interval that the mirror can be read and written.
///
/// A store that answers with an error, as on a full disk, is not restarted: the portal goes on answering from what the
/// mirror has, and Stripe sends again what cannot be written. Only a store that does not answer at all withholds the sign.
struct Watchdog: Service {
    private let interval: Duration
    private let check: @Sendable () async throws(MirrorError) -> Void
    private let ping: @Sendable () throws -> Void
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - interval: Within which systemd wants a sign.
    ///   - check: Reads and writes the mirror.
    ///   - ping: Gives the sign.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line when the store begins to fail, when it works again, and where systemd is not reached.
    init(
        interval: Duration,
        check: @escaping @Sendable () async throws(MirrorError) -> Void,
        ping: @escaping @Sendable () throws -> Void,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.interval = interval
        self.check = check
        self.ping = ping
        self.clock = clock
        self.logger = logger
    }

    /// Reads within which time systemd wants a sign; nil where it wants none of this process.
    ///
    /// https://www.freedesktop.org/software/systemd/man/252/sd_watchdog_enabled.html
    static func interval(in environment: [String: String], process: CInt) -> Duration? {
        guard let text = environment["WATCHDOG_USEC"], let microseconds = Int64(text), microseconds > 0 else {
            return nil
        }
        guard environment["WATCHDOG_PID"].map({ $0 == String(process) }) ?? true else { return nil }
        return .microseconds(microseconds)
    }

    /// Gives signs until the service is shut down.
    func run() async {
        await cancelWhenGracefulShutdown {
            var isFailing = false
            while !Task.isCancelled {
                isFailing = await checkOnce(wasFailing: isFailing)
                do {
                    try await clock.sleep(for: interval / 3)
                } catch {
                    break
                }
            }
        }
    }

    /// - Returns: Whether the store failed.
    private func checkOnce(wasFailing: Bool) async -> Bool {
        var failure: MirrorError?
        do throws(MirrorError) {
            try await check()
        } catch {
            failure = error
        }
        guard !Task.isCancelled else { return wasFailing }
        if let failure, !wasFailing {
            logger.error("the mirror cannot be read and written", metadata: ["cause": "\(failure)"])
        } else if failure == nil, wasFailing {
            logger.notice("the mirror can be read and written again")
        }
        do {
            try ping()
        } catch {
            logger.warning("systemd cannot be told that the daemon is alive", metadata: ["cause": "\(error)"])
        }
        return failure != nil
    }
}
