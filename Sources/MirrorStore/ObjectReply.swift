internal import Stripe

/// What Stripe answered about one object: the reply to a `GET`, or the object's entry of a list page.
public struct ObjectReply: Sendable {
    /// The object.
    public var object: MirroredObject
    /// Taken before the request was sent.
    public var token: ObjectRead.Token
    /// The reply's `Date`, Unix seconds.
    public var date: Int64

    /// Creates a reply from its parts.
    public init(object: MirroredObject, token: ObjectRead.Token, date: Int64) {
        self.object = object
        self.token = token
        self.date = date
    }

    func read(for purpose: ObjectRead.Purpose) -> ObjectRead {
        var isDeleted = false
        if case .customer(let customer) = object.fields {
            isDeleted = customer.deleted
        }
        return ObjectRead(
            token: token,
            purpose: purpose,
            revision: object.revision,
            isEnded: object.isEnded,
            isDeleted: isDeleted,
            isComplete: object.isComplete,
            date: date
        )
    }
}
