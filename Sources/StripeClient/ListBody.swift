internal import Stripe

/// What is common to all of Stripe's lists, replies and members alike.
struct ListBody {
    let objects: [JSON]
    let ids: [String]
    let hasMore: Bool

    /// Reads a list; nil where it is none, or an element is not of that kind or has no id.
    ///
    /// - Parameters:
    ///   - json: the list.
    ///   - kind: the elements' `object`.
    init?(_ json: JSON, of kind: String) {
        guard json["object"]?.string == "list", let objects = json["data"]?.elements,
            let hasMore = json["has_more"]?.bool
        else { return nil }
        let ids = objects.compactMap { $0.id(of: kind) }
        // One that has more and begins with nothing can never be read to its end.
        guard ids.count == objects.count, !(hasMore && objects.isEmpty) else { return nil }
        self.objects = objects
        self.ids = ids
        self.hasMore = hasMore
    }
}

extension JSON {
    /// The object's id, where it is one of that kind.
    func id(of kind: String) -> String? {
        guard self["object"]?.string == kind, let id = self["id"]?.string, !id.isEmpty else { return nil }
        return id
    }
}

extension StripeClient.Success {
    /// The body's JSON.
    func json() throws(StripeCallError) -> JSON {
        do {
            return try JSON(parsing: reply.body)
        } catch {
            throw unreadable(.body)
        }
    }

    /// The list that the body is.
    func list(of kind: String) throws(StripeCallError) -> ListBody {
        guard let list = ListBody(try json(), of: kind) else { throw unreadable(.body) }
        return list
    }

    /// The reply's `Date` in Unix seconds.
    func date() throws(StripeCallError) -> Int64 {
        guard let date = reply.header("Date").flatMap(HTTPDate.unixSeconds) else { throw unreadable(.date) }
        return date
    }
}
