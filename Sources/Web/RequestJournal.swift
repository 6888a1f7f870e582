public import Logging
public import MirrorStore
internal import NIOConcurrencyHelpers
public import ServiceLifecycle

/// Keeps what signed-in users were answered, off the path of their requests: about every second, in one transaction.
///
/// What is not written yet is lost when the process is killed.
public final class RequestJournal: Service, Sendable {
    /// How many answers wait to be written at most; beyond it the oldest are dropped.
    static let capacity = 10_000
    /// How long answers are collected.
    static let interval: Duration = .seconds(1)

    private struct Buffer {
        var requests: [AnsweredRequest] = []
        var dropped = 0

        mutating func trim() {
            let excess = requests.count - RequestJournal.capacity
            guard excess > 0 else { return }
            requests.removeFirst(excess)
            dropped += excess
        }
    }

    private let log: AnsweredRequestLog
    private let clock: any Clock<Duration>
    private let logger: Logger
    /// Since notes could be written last.
    private let failures = NIOLockedValueBox(0)
    private let buffer = NIOLockedValueBox(Buffer())
    private let arrivals = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - log: Where answers are kept.
    ///   - clock: Counts the pauses.
    ///   - logger: Gets a line where answers were dropped, when they cannot be written, and when they can again.
    public init(log: AnsweredRequestLog, clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.log = log
        self.clock = clock
        self.logger = logger
    }

    /// Takes an answer; it is written later.
    func append(_ request: AnsweredRequest) {
        buffer.withLockedValue { buffer in
            buffer.requests.append(request)
            buffer.trim()
        }
        arrivals.continuation.yield()
    }

    /// How many wait to be written.
    var waitingCount: Int { buffer.withLockedValue { $0.requests.count } }

    /// Writes answers as they come, until the service is shut down and all are written.
    public func run() async {
        await cancelWhenGracefulShutdown {
            for await _ in self.arrivals.stream {
                do {
                    try await self.clock.sleep(for: Self.interval)
                } catch {
                    break
                }
                await self.flushOnce()
            }
        }
        await flushOnce()
    }

    /// Writes what waits.
    func flushOnce() async {
        let (requests, dropped) = buffer.withLockedValue { buffer in
            defer { buffer = Buffer() }
            return (buffer.requests, buffer.dropped)
        }
        guard !requests.isEmpty else { return }
        do throws(MirrorError) {
            try await log.append(requests)
            report(dropped: dropped)
        } catch {
            buffer.withLockedValue { buffer in
                buffer.requests.insert(contentsOf: requests, at: 0)
                buffer.dropped += dropped
                buffer.trim()
            }
            report(error)
            arrivals.continuation.yield()
        }
    }

    private func report(dropped: Int) {
        let failures = failures.withLockedValue { failures in
            defer { failures = 0 }
            return failures
        }
        if failures > 0 {
            logger.notice("notes of answers can be written again", metadata: ["failures": "\(failures)"])
        }
        if dropped > 0 {
            logger.warning("notes of answers were dropped", metadata: ["dropped": "\(dropped)"])
        }
    }

    /// One line for each outage: a full disk may hold the log too.
    private func report(_ error: MirrorError) {
        let isFirst = failures.withLockedValue { failures in
            failures += 1
            return failures == 1
        }
        if isFirst {
            logger.warning(
                "notes of answers cannot be written; they are kept in memory",
                metadata: ["cause": "\(error)"]
            )
        }
    }
}
