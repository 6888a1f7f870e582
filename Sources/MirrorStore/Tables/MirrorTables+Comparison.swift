internal import FoundationEssentials
internal import GRDB
internal import Stripe

extension MirrorTables {
    /// The columns in which a row differs from what an object would make of it.
    ///
    /// `revision` and `object` are not compared: they change with the API version that an object is rendered in.
    ///
    /// - Parameter isSameRendering: Whether row and object are of one API version. Another one may leave out what an item
    ///   has a column for, such as its period, which until 2025-03-31.basil was its subscription's.
    /// - Returns: `["id"]` alone where there is no row.
    func differences(from object: MirroredObject, isSameRendering: Bool) throws -> [String] {
        let sql = "SELECT * FROM \(table(of: object.kind)) WHERE id = ?"
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [object.id]) else {
            return ["id"]
        }
        var names: [String] = []
        for (name, expected) in columns(of: object) + [("confirmed", true)] {
            let found: DatabaseValue = row[name]
            if found != expected?.databaseValue ?? .null {
                names.append(name)
            }
        }
        if case .subscription(let subscription) = object.fields {
            let (found, expected) = (try items(of: subscription.id), subscription.items.map(Item.init))
            let isEqual = isSameRendering ? Set(found) == Set(expected) : Item.agree(found, expected)
            if !isEqual {
                names.append("items")
            }
        }
        return names
    }

    /// Which of a row's `object` and `revision` are not of an object's own revision.
    func renderingDifferences(from object: MirroredObject) throws -> [String] {
        let sql = "SELECT object, revision FROM \(table(of: object.kind)) WHERE id = ?"
        guard let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [object.id]) else { return [] }
        var names: [String] = []
        if try Revision(of: JSON(parsing: Array((row["object"] as String).utf8))) != object.revision {
            names.append("object")
        }
        if row["revision"] != object.revision.data {
            names.append("revision")
        }
        return names
    }

    private func columns(of object: MirroredObject) -> [(String, (any DatabaseValueConvertible)?)] {
        switch object.fields {
        case .customer(let customer):
            [
                ("email", customer.email), ("name", customer.name), ("created", customer.created),
                ("deleted", customer.deleted),
            ] + livemode(customer.livemode)
        case .subscription(let subscription):
            [
                ("customer", subscription.customer), ("status", subscription.status.rawValue),
                ("current_period_start", subscription.currentPeriodStart),
                ("current_period_end", subscription.currentPeriodEnd), ("cancel_at", subscription.cancelAt),
                ("cancel_at_period_end", subscription.cancelAtPeriodEnd), ("canceled_at", subscription.canceledAt),
                ("ended_at", subscription.endedAt), ("trial_end", subscription.trialEnd),
                ("created", subscription.created), ("deleted", subscription.deleted),
            ] + livemode(subscription.livemode)
        }
    }

    /// An object that does not say is of the mirror's own mode.
    private func livemode(_ livemode: Bool?) -> [(String, (any DatabaseValueConvertible)?)] {
        livemode.map { [("livemode", $0)] } ?? []
    }

    /// A row of `subscription_items`, without its subscription.
    private struct Item: Hashable {
        var id: String
        var price: String?
        var product: String?
        var quantity: Int64?
        var start: Int64?
        var end: Int64?

        /// Whether the items are the same ones, and nothing that both sides tell of one differs.
        static func agree(_ found: [Item], _ expected: [Item]) -> Bool {
            guard Set(found.map(\.id)) == Set(expected.map(\.id)) else { return false }
            let found = Dictionary(found.map { ($0.id, $0) }) { _, last in last }
            return expected.allSatisfy { item in found[item.id].map { $0.agrees(with: item) } ?? false }
        }

        private func agrees(with other: Item) -> Bool {
            func agree<Value: Equatable>(_ field: KeyPath<Item, Value?>) -> Bool {
                guard let value = self[keyPath: field], let other = other[keyPath: field] else { return true }
                return value == other
            }
            return agree(\.price) && agree(\.product) && agree(\.quantity) && agree(\.start) && agree(\.end)
        }

        init(_ item: SubscriptionItem) {
            id = item.id
            price = item.price?.id
            product = item.price?.product
            quantity = item.quantity
            start = item.currentPeriodStart
            end = item.currentPeriodEnd
        }

        init(_ row: Row) {
            id = row["id"]
            price = row["price"]
            product = row["product"]
            quantity = row["quantity"]
            start = row["current_period_start"]
            end = row["current_period_end"]
        }
    }

    private func items(of subscription: String) throws -> [Item] {
        let statement = try db.cachedStatement(sql: "SELECT * FROM subscription_items WHERE subscription = ?")
        return try Row.fetchAll(statement, arguments: [subscription]).map(Item.init)
    }
}
