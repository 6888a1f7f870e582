internal import NIOConcurrencyHelpers

/// Lets calls to Stripe pass at a rate, lane by lane: a ``Lane``'s calls wait until it is their turn.
///
/// The first of those that wait sleeps until its turn and then serves whoever is due; the others are woken. A portal call
/// that comes first sleeps for itself, so that no other lane's task has to run for it to go on.
public final class RateLimiter: Sendable {
    /// Why a call did not get its turn.
    public enum Refusal: Error, Hashable, Sendable {
        /// The time it was willing to wait has passed.
        case timedOut
        /// Its task was cancelled.
        case cancelled
    }

    /// What can be said about a limiter at one moment.
    public struct Snapshot: Hashable, Sendable {
        /// The rate that was set, in requests a second.
        public let rate: Double
        /// The rate at present; lower than ``rate`` for a while after Stripe has limited it.
        public let presentRate: Double
        /// The requests that could be sent at once.
        public let tokens: Double
        /// How many calls wait, by lane.
        public let waiting: [Lane: Int]
        /// How often Stripe has said that it gets too many requests.
        public let rateLimits: Int
    }

    private enum Turn: Sendable {
        case granted
        case refused
        /// Sleep so long, then ask again.
        case sleep(Duration)
    }

    private struct State: Sendable {
        var budget: Budget
        /// Those that are to be woken.
        var parked: [Budget.Ticket: CheckedContinuation<Turn, Never>] = [:]
        /// Those that have got their turn while they slept, and do not know yet.
        var granted: Set<Budget.Ticket> = []
        var rateLimits = 0
    }

    private let state: NIOLockedValueBox<State>
    private let now: @Sendable () -> Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// A limiter that has been idle for long.
    ///
    /// - Parameters:
    ///   - rate: the most requests a second, over all lanes; finite and above zero. Up to a quarter of that number may go
    ///     out at once after a pause.
    ///   - clock: measures the time.
    public init(rate: Double, clock: some Clock<Duration> = ContinuousClock()) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(for: $0) }
        state = NIOLockedValueBox(State(budget: Budget(rate: rate, at: .zero)))
    }

    /// Waits until a request may be sent.
    ///
    /// - Parameters:
    ///   - lane: what the request is for.
    ///   - limit: the longest wait.
    /// - Throws: ``Refusal``; the request then counts as not made.
    public func acquire(_ lane: Lane, within limit: Duration) async throws(Refusal) {
        if Task.isCancelled { throw .cancelled }
        let ticket = state.withLockedValue { state in
            let ticket = state.budget.enter(lane)
            serve(&state)
            return state.granted.remove(ticket) == nil ? ticket : nil
        }
        guard let ticket else { return }
        let isGranted = await withTaskGroup { group in
            group.addTask { await self.turn(of: ticket) }
            group.addTask {
                // A sleep that is cut short means that the turn has come, or that everything is cancelled.
                _ = try? await self.sleep(limit)
                return false
            }
            var isGranted = false
            for await result in group {
                isGranted = isGranted || result
                group.cancelAll()
            }
            return isGranted
        }
        guard isGranted else { throw Task.isCancelled ? .cancelled : .timedOut }
    }

    /// Notes that Stripe has refused a request because there were too many: the rate goes down, and slowly up again.
    public func backOff() {
        state.withLockedValue { state in
            state.rateLimits += 1
            state.budget.backOff(at: now())
        }
    }

    /// What can be said at present.
    public var snapshot: Snapshot {
        state.withLockedValue { state in
            serve(&state)
            let waiting = Lane.allCases.map { ($0, state.budget.waiting(in: $0)) }
            return Snapshot(
                rate: state.budget.rate,
                presentRate: state.budget.presentRate,
                tokens: state.budget.tokens,
                waiting: Dictionary(uniqueKeysWithValues: waiting),
                rateLimits: state.rateLimits
            )
        }
    }

    /// Waits for a request's turn; false where its task was cancelled before that.
    private func turn(of ticket: Budget.Ticket) async -> Bool {
        while true {
            switch await park(ticket) {
            case .granted: return true
            case .refused: return false
            case .sleep(let duration):
                do {
                    try await sleep(duration)
                } catch {
                    leave(ticket)
                }
            }
        }
    }

    private func park(_ ticket: Budget.Ticket) async -> Turn {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLockedValue { state in
                    if state.granted.remove(ticket) != nil {
                        continuation.resume(returning: .granted)
                    } else if state.budget.isWaiting(ticket) {
                        state.parked[ticket] = continuation
                        serve(&state)
                    } else {
                        continuation.resume(returning: .refused)
                    }
                }
            }
        } onCancel: {
            leave(ticket)
        }
    }

    private func leave(_ ticket: Budget.Ticket) {
        state.withLockedValue { state in
            guard state.budget.leave(ticket) else { return }
            state.parked.removeValue(forKey: ticket)?.resume(returning: .refused)
            serve(&state)
        }
    }

    /// Serves whoever is due, and has the next one sleep until its turn, if it does not already.
    ///
    /// The time is read under the lock, so that it never seems to go back.
    private func serve(_ state: inout State) {
        for ticket in state.budget.grant(at: now()) {
            if let parked = state.parked.removeValue(forKey: ticket) {
                parked.resume(returning: .granted)
            } else {
                state.granted.insert(ticket)
            }
        }
        if let next = state.budget.next, let wait = state.budget.untilNext {
            state.parked.removeValue(forKey: next)?.resume(returning: .sleep(wait))
        }
    }
}
