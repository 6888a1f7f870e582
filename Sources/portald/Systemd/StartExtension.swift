import Dispatch
import Logging

/// Keeps systemd from giving up on a start that takes long, as the check or the migration of a large mirror may.
///
/// A service that says so at least once in each span may start for longer than `TimeoutStartSec=`:
/// https://www.freedesktop.org/software/systemd/man/252/sd_notify.html
struct StartExtension {
    /// Between two requests for more time.
    static let interval: Duration = .seconds(20)
    /// What one request asks for, in microseconds: where two are lost, the third still comes in time.
    static let microseconds: Int64 = 60_000_000

    /// Nil where nobody is to be told.
    let notification: ServiceNotification?
    let logger: Logger

    /// Does what blocks its thread, and asks for more time at its beginning and until it ends.
    ///
    /// The requests come from a thread of Dispatch's: the work may hold the only one that tasks run on.
    func during<Result, Failure: Error>(
        every interval: Duration = interval,
        _ status: String,
        _ work: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let notification else { return try work() }
        let logger = logger
        let ask = { @Sendable in
            do throws(UnixDatagramAddress.SendError) {
                try notification.send([.extendTimeout(microseconds: Self.microseconds), .status(status)])
            } catch {
                logger.warning("systemd cannot be asked for more time", metadata: ["cause": "\(error)"])
            }
        }
        ask()
        let timer = DispatchSource.makeTimerSource()
        timer.setEventHandler(handler: ask)
        let (seconds, attoseconds) = interval.components
        let pause = DispatchTimeInterval.nanoseconds(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
        timer.schedule(deadline: .now() + pause, repeating: pause)
        timer.activate()
        defer { timer.cancel() }
        return try work()
    }
}
