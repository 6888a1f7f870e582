public import Stripe

/// An event on its way into the mirror, with all that can be computed before the write.
public struct Delivery: Sendable {
    /// How the event came here.
    public enum Source: String, Sendable, Hashable {
        /// Stripe delivered it.
        case webhook
        /// It was found in Stripe's list of events.
        case sweep
        /// The operator had it applied again.
        case replay
    }

    /// What the event asks of the mirror.
    enum Effect: Sendable {
        /// A version of an object, or word that there is one.
        case change(Change, kind: MirroredKind, objectID: String, object: MirroredObject?)
        /// A finished Checkout session says whose a customer is.
        case checkout(CheckoutSession)
        /// Stripe could not make some events: the list of events has to be asked.
        case sweep
        /// Nothing.
        case none(reason: String?)
        /// It cannot be told, but perhaps of which object.
        case failure(String, of: Subject?)
    }

    /// The object that an event is about.
    struct Subject: Sendable {
        var kind: MirroredKind
        var id: String

        /// What can be said of an object whose other fields cannot be read.
        init?(_ object: JSON) {
            guard let kind = object["object"]?.string.flatMap(MirroredKind.init(rawValue:)),
                let id = object["id"]?.string, !id.isEmpty
            else { return nil }
            self.kind = kind
            self.id = id
        }
    }

    /// The event.
    public let event: Event
    /// How it came here.
    public let source: Source
    /// Unix seconds by this machine's clock.
    public let receivedAt: Double
    /// Fingerprints of the signing secrets that verified it; none where it was not signed.
    let secrets: [String]
    /// The raw body.
    let payload: String
    let effect: Effect

    /// Reads what an event asks of the mirror.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - payload: The body that the event was read from.
    ///   - source: How it came here.
    ///   - receivedAt: Unix seconds by this machine's clock.
    ///   - livemode: The mode of the mirror. Events of the other mode, and of connected accounts, are not its own.
    ///   - secrets: Fingerprints of the signing secrets that verified it.
    public init(
        event: Event,
        payload: [UInt8],
        source: Source,
        receivedAt: Double,
        livemode: Bool,
        secrets: [String] = []
    ) {
        self.event = event
        self.source = source
        self.receivedAt = receivedAt
        self.secrets = secrets
        self.payload = String(decoding: payload, as: UTF8.self)
        if event.livemode != livemode {
            effect = .none(reason: "of \(event.livemode ? "live" : "test") mode, the mirror is not")
        } else if event.account != nil {
            effect = .none(reason: "of a connected account")
        } else {
            effect = Self.effect(of: event)
        }
    }

    /// The object that the event is about, where the mirror holds its kind.
    public var objectID: String? {
        switch effect {
        case .change(_, _, let objectID, _): objectID
        case .checkout(let session): session.id
        case .failure(_, let subject): subject?.id
        case .sweep, .none: nil
        }
    }

    /// The ids that come into the mirror with it.
    var ids: [String] { [event.id, objectID].compactMap(\.self) }

    /// The kind of the object, where the event tells of a version of one that the mirror holds.
    public var kind: MirroredKind? {
        guard case .change(_, let kind, _, _) = effect else { return nil }
        return kind
    }

    /// The types that say so begin with this. https://docs.stripe.com/webhooks
    private static let generationFailure = "v2.core.health.event_generation_failure"

    private static func effect(of event: Event) -> Effect {
        switch event.content {
        case .thin(let related):
            if let related, let kind = MirroredKind(rawValue: related.type) {
                return .change(Change(thin: event), kind: kind, objectID: related.id, object: nil)
            }
            return event.type.hasPrefix(generationFailure) ? .sweep : .none(reason: nil)
        case .snapshot(let snapshot, let previousAttributes):
            do {
                if let object = try MirroredObject(snapshot) {
                    let change = Change(
                        event,
                        snapshot: snapshot,
                        object: object,
                        previousAttributes: previousAttributes
                    )
                    return .change(change, kind: object.kind, objectID: object.id, object: object)
                }
                if event.type == "checkout.session.completed" {
                    return .checkout(try CheckoutSession(snapshot))
                }
                return .none(reason: nil)
            } catch {
                return .failure(error.description, of: Subject(snapshot))
            }
        }
    }
}
