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
        case .call(let error): "\(error)\(Self.advice(error))"
        case .object(let error): "Stripe's object cannot be read: \(error)"
        case .store(let error): "\(error)"
        }
    }

    /// What to do about a key that Stripe refuses. https://docs.stripe.com/keys#limit-access
    private static func advice(_ error: StripeCallError) -> String {
        switch error.status {
        case 401: "; check STRIPE_SECRET_KEY"
        case 403: "; the restricted key needs read permission for customers, subscriptions and events"
        default: ""
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

    /// Whether it is of the one object that was asked for, so that others are worth asking for.
    ///
    /// Any other refusal, such as of a key that was revoked, would meet them all.
    var isOfOneObject: Bool {
        switch self {
        case .call(.refused(let error, _)): error.status == 404
        case .call(.unreadable), .object, .store(.inconsistent): true
        case .call, .store: false
        }
    }

    /// Whether it would meet every other object too, until somebody acts: a key that was revoked, a disk that is full.
    var isOfAllObjects: Bool {
        switch self {
        case .call(let error): error.status == 401 || error.status == 403
        case .store: !isOfOneObject
        case .object: false
        }
    }

    /// Whether the next attempt may succeed without anybody's doing: Stripe, or the file, is busy or cannot be reached.
    var isTransient: Bool {
        switch self {
        case .call(.busy), .call(.unavailable), .call(.timedOut), .call(.crowdedOut), .call(.cancelled), .store: true
        case .call(.refused), .call(.unreadable), .object: false
        }
    }

    /// Whether the calling task was cancelled, which is nobody's fault.
    var isCancellation: Bool {
        switch self {
        case .call(.cancelled), .store(.stopped): true
        case .call, .object, .store: false
        }
    }
}
