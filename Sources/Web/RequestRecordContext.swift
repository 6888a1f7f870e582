public import Hummingbird
internal import Logging
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

/// What is to be said of a request in the log; filled in on the way to its response.
public final class RequestRecord: Sendable {
    private let fields = NIOLockedValueBox<Logger.Metadata>([:])

    /// Notes a field; nil notes nothing.
    func note(_ name: String, _ value: String?) {
        guard let value else { return }
        fields.withLockedValue { $0[name] = .string(value) }
    }

    var metadata: Logger.Metadata { fields.withLockedValue { $0 } }
}
