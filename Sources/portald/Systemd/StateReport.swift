import Logging
import MirrorStore
import ServiceLifecycle

/// Tells systemd when the daemon is ready, what it is at, and when it stops.
struct StateReport: Service {
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

    /// Tells it until the service is shut down.
    func run() async {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                for await _ in listening.prefix(listenerCount) {}
                guard !Task.isCancelled else { return }
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
            send(.stopping, .status("Stopping: requests in flight are finished."))
        }
    }

    private var status: String {
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
