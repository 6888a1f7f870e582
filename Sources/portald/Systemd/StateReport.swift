import Logging
import MirrorStore
import NIOConcurrencyHelpers
import ServiceLifecycle

/// Tells systemd when the daemon is ready, what it is at, when it reloads, and when it stops.
struct StateReport: Service {
    private struct Phase {
        var isReady = false
        var isStopping = false
        /// Whether the last reload was refused.
        var isRefused = false
    }

    /// How often it is looked whether there is something else to tell.
    static let interval: Duration = .seconds(5)

    let notification: ServiceNotification
    let log: SyncLog
    /// Yields once for each listener that accepts connections.
    let listening: AsyncStream<Void>
    let listenerCount: Int
    /// Such as `test mode`.
    let mode: String
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    private let phase = NIOLockedValueBox(Phase())

    /// Tells it until the service is shut down.
    func run() async {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                for await _ in listening.prefix(listenerCount) {}
                guard !Task.isCancelled else { return }
                phase.withLockedValue { $0.isReady = true }
                var status = await status
                send(.ready, .status(status))
                while !Task.isCancelled {
                    do {
                        try await clock.sleep(for: Self.interval)
                    } catch {
                        break
                    }
                    let next = await self.status
                    guard next != status, !Task.isCancelled else { continue }
                    status = next
                    send(.status(status))
                }
            }
        } onGracefulShutdown: {
            phase.withLockedValue { $0.isStopping = true }
            send(.stopping, .status("Stopping: requests in flight are finished."))
        }
    }

    /// Tells that the settings are being read anew; nothing before the first readiness, which that is a part of.
    func beginReload() {
        guard isServing else { return }
        send(.reloading)
    }

    /// Tells that they were, or that they were refused.
    func endReload(isRefused: Bool) async {
        phase.withLockedValue { $0.isRefused = isRefused }
        let status = await status
        guard isServing else { return }
        send(.ready, .status(status))
    }

    private var isServing: Bool { phase.withLockedValue { $0.isReady && !$0.isStopping } }

    private var status: String {
        get async {
            let isRefused = phase.withLockedValue { $0.isRefused }
            return await mirrorStatus
                + (isRefused
                    ? " The last reload was refused, and the settings before it are in force: see the log." : "")
        }
    }

    private var mirrorStatus: String {
        get async {
            do throws(MirrorError) {
                let filled = try await log.hasFinishedPass(.backfill)
                guard let pass = try await log.unfinishedPass(.backfill) else {
                    return filled ? "Serving, \(mode)." : "Serving, \(mode); the mirror is still empty."
                }
                return "Serving, \(mode); filling the mirror: \(pass.customers) customers and "
                    + "\(pass.subscriptions) subscriptions so far."
            } catch {
                return "The mirror cannot be read: \(error)"
            }
        }
    }

    private func send(_ states: ServiceNotification.State...) {
        do throws(UnixDatagramAddress.SendError) {
            try notification.send(states)
        } catch {
            logger.warning("systemd cannot be told of the daemon's state", metadata: ["cause": "\(error)"])
        }
    }
}
