internal import CCurl
internal import NIOConcurrencyHelpers

/// Commands on their way to the thread that drives the multi handle, in the order they were posted.
final class CurlInbox: Sendable {
    typealias ID = UInt64
    typealias Completion = CheckedContinuation<Result<CurlTransport.Reply, TransportError>, Never>

    enum Command: Sendable {
        case start(ID, CurlTransport.Request, Completion)
        /// Without effect where the transfer has ended, or never began.
        case cancel(ID)
    }

    private struct State: Sendable {
        var commands: [Command] = []
        var isClosed = false
        var lastID: ID = 0
    }

    private let state = NIOLockedValueBox(State())
    private let multi: Wakeable

    /// - Parameter multi: must not be freed before ``drain()`` has answered that the inbox is closed.
    init(multi: UnsafeMutableRawPointer) {
        self.multi = Wakeable(handle: multi)
    }

    func nextID() -> ID {
        state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands a command over and wakes the thread; once closed, a start fails with `stopped`.
    func post(_ command: Command) {
        let isAccepted = state.withLockedValue { state in
            guard !state.isClosed else { return false }
            state.commands.append(command)
            multi.wake()
            return true
        }
        if !isAccepted, case .start(_, _, let completion) = command {
            completion.resume(returning: .failure(TransportError(.stopped)))
        }
    }

    /// Refuses all later commands and wakes the thread.
    func close() {
        state.withLockedValue { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            multi.wake()
        }
    }

    /// Takes what has been posted, and says whether anything can follow.
    func drain() -> (commands: [Command], isClosed: Bool) {
        state.withLockedValue { state in
            let commands = state.commands
            state.commands = []
            return (commands, state.isClosed)
        }
    }
}

/// The multi handle as other threads see it.
///
/// Sendable because `curl_multi_wakeup` is the one function that may be called from any thread, and because it is only called
/// under the inbox's lock while the inbox is not yet seen as closed, which is before the handle is freed.
private struct Wakeable: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    func wake() {
        // Its only failure is a handle without a wake-up socket, which `curl_multi_init` would have refused to make.
        curl_multi_wakeup(handle)
    }
}
