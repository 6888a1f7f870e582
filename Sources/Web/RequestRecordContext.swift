public import Hummingbird
internal import Logging
internal import MirrorStore
internal import NIOConcurrencyHelpers

/// A request's context, with a record that its one log line is made of.
public struct RequestRecordContext: RequestContext {
    /// What Hummingbird keeps of a request.
    public var coreContext: CoreRequestContextStorage
    /// What is to be said of the request in the log.
    public let record = RequestRecord()

    /// Creates a request's context.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}

/// What is to be said of a request in the log, in its answer's headers and in the journal; filled in on the way to its
/// response.
public final class RequestRecord: Sendable {
    /// What the mirror was asked, and when.
    struct Reading: Sendable {
        /// Unix seconds by this machine's clock.
        var at: Double
        /// When the mirror last heard from Stripe, Unix seconds.
        var heardAt: Double?
        /// When the primary last said that it is alive, Unix seconds.
        var heartbeatAt: Double?

        /// Whole seconds since the primary last said so.
        var lag: Int64? {
            heartbeatAt.map { Int64(max(0, at - $0)) }
        }

        /// Whole seconds since the mirror last heard from Stripe.
        var age: Int64? {
            heardAt.map { Int64(max(0, at - $0)) }
        }
    }

    private struct State {
        var fields: Logger.Metadata = [:]
        var user: UserID?
        var reading: Reading?
    }

    /// The request's name, for whoever asks the operator about its answer.
    let id = RequestID()
    private let state = NIOLockedValueBox(State())

    /// Notes a field; nil notes nothing.
    func note(_ name: String, _ value: String?) {
        guard let value else { return }
        state.withLockedValue { $0.fields[name] = .string(value) }
    }

    /// Notes who is asking.
    func note(_ user: UserID) {
        state.withLockedValue { $0.user = user }
    }

    /// Notes what the answer is decided from.
    func note(_ snapshot: MirrorReader.Snapshot, at now: Double) {
        let reading = Reading(at: now, heardAt: snapshot.heardAt, heartbeatAt: snapshot.heartbeatAt)
        state.withLockedValue { $0.reading = reading }
    }

    var metadata: Logger.Metadata { state.withLockedValue { $0.fields } }

    var user: UserID? { state.withLockedValue { $0.user } }

    /// Nil where the answer was decided without the mirror.
    var reading: Reading? { state.withLockedValue { $0.reading } }

    /// A field's value.
    func value(_ name: String) -> String? {
        state.withLockedValue { $0.fields[name].map { "\($0)" } }
    }
}
