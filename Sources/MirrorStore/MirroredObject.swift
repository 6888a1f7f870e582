public import Stripe

/// A customer or a subscription, decoded, fingerprinted and ready to be written.
///
/// It is made on the task of the delivery that brought it, so that the writer only writes.
public struct MirroredObject: Sendable {
    /// The decoded fields.
    public enum Fields: Sendable {
        /// A customer's.
        case customer(Customer)
        /// A subscription's.
        case subscription(Subscription)
    }

    /// The decoded fields.
    public let fields: Fields
    /// The object's version.
    public let revision: Revision
    /// The whole object as Stripe sent it, without white space between its tokens.
    public let text: String

    /// Reads an object.
    ///
    /// - Returns: Nil where the object is of a kind that the mirror does not hold.
    /// - Throws: ``JSONError`` where it is of such a kind, but not of a shape that Stripe documents.
    public init?(_ object: JSON) throws(JSONError) {
        switch object["object"]?.string {
        case Customer.objectName: fields = .customer(try Customer(object))
        case Subscription.objectName: fields = .subscription(try Subscription(object))
        default: return nil
        }
        revision = Revision(of: object)
        text = object.compactText
    }

    /// What Stripe shows of the object once it is deleted: its id, and that it is gone.
    ///
    /// - Throws: ``JSONError``, never for an object that could be read.
    func stub() throws(JSONError) -> MirroredObject {
        guard let id = try JSON(parsing: Array(text.utf8))["id"]?.compactText,
            let stub = try MirroredObject(
                JSON(parsing: Array(#"{"id":\#(id),"object":"\#(kind.rawValue)","deleted":true}"#.utf8))
            )
        else { throw .missing(member: "id") }
        return stub
    }

    /// Stripe's id of the object.
    public var id: String {
        switch fields {
        case .customer(let customer): customer.id
        case .subscription(let subscription): subscription.id
        }
    }

    /// The object's kind.
    public var kind: MirroredKind {
        switch fields {
        case .customer: .customer
        case .subscription: .subscription
        }
    }

    /// Whether the object is past its end, so that no living version can follow.
    public var isEnded: Bool {
        switch fields {
        case .customer: false
        case .subscription(let subscription): subscription.status.isFinal
        }
    }

    /// Whether all of a subscription's items are there.
    public var isComplete: Bool {
        switch fields {
        case .customer: true
        case .subscription(let subscription): !subscription.hasMoreItems
        }
    }
}
