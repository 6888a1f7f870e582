public import MirrorStore
public import Stripe
public import StripeClient

/// Why a step of the synchronisation could not be done; it is tried again later.
public enum SyncError: Error, Sendable, CustomStringConvertible {
    /// A call to Stripe brought nothing.
    case call(StripeCallError)
    /// Stripe's object is not of a shape that Stripe documents.
    case object(JSONError)
    /// The mirror could not be read or written.
    case store(MirrorError)

    /// What a log line needs; nothing secret and nothing personal.
    public var description: String {
        switch self {
        case .call(let error): "\(error)"
        case .object(let error): "Stripe's object cannot be read: \(error)"
        case .store(let error): "\(error)"
        }
    }

    /// Passes on what the mirror's side does, and its error as one of these.
    static func stored<Value>(_ body: () async throws(MirrorError) -> Value) async throws(SyncError) -> Value {
        do {
            return try await body()
        } catch {
            throw .store(error)
        }
    }

    /// Whether Stripe says that there is no such object.
    var isNotFound: Bool {
        guard case .call(let error) = self else { return false }
        return error.status == 404
    }

    /// Whether the next attempt may succeed without anybody's doing: Stripe is busy, or cannot be reached.
    var isTransient: Bool {
        guard case .call(let error) = self else { return false }
        switch error {
        case .busy, .unavailable, .timedOut, .crowdedOut, .cancelled: return true
        case .refused, .unreadable: return false
        }
    }
}
