extension StripeModel {
    /// Replaces ids by the objects they name: <https://docs.stripe.com/api/expanding_objects>.
    ///
    /// Customers and subscriptions can be expanded; other members stay as they are if they are null or lists.
    func expanding(
        _ paths: [String],
        in object: JSONObject,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        var expanded = object
        for path in paths {
            expanded = try expand(path.split(separator: ".")[...], path: path, in: expanded, call)
        }
        return expanded
    }

    private func expand(
        _ names: ArraySlice<Substring>,
        path: String,
        in object: JSONObject,
        _ call: CallContext
    ) throws(StripeAPIError) -> JSONObject {
        guard let name = names.first.map(String.init) else { return object }
        let rest = names.dropFirst()
        var changed = object
        switch object[name] {
        case .string(let id) where customers[id] != nil:
            changed[name] = .object(try expand(rest, path: path, in: retrieveCustomer(id, call), call))
        case .string(let id) where subscriptions[id] != nil:
            changed[name] = .object(try expand(rest, path: path, in: retrieveSubscription(id, call), call))
        case .object(let nested) where !rest.isEmpty:
            changed[name] = .object(try expand(rest, path: path, in: nested, call))
        case .array(let elements):
            var results: [JSONValue] = []
            for element in elements {
                guard case .object(let nested) = element else {
                    results.append(element)
                    continue
                }
                results.append(.object(try expand(rest, path: path, in: nested, call)))
            }
            changed[name] = .array(results)
        case .null, .object: break
        default: throw .invalid("expand", "This property cannot be expanded (\(path)).")
        }
        return changed
    }
}
