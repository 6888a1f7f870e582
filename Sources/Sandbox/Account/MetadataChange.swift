/// A change to an object's metadata.
///
/// An empty value removes its key; empty metadata removes all keys.
enum MetadataChange {
    case clear
    case merge([(key: String, value: String)])

    func applied(to metadata: JSONObject) -> JSONObject {
        guard case .merge(let entries) = self else { return [:] }
        var merged = metadata
        for (key, value) in entries {
            merged[key] = value.isEmpty ? nil : .string(value)
        }
        return merged
    }

    /// The change as a request would send it.
    var formValue: FormValue {
        guard case .merge(let entries) = self else { return "" }
        var parameters = StripeParameters()
        for (key, value) in entries { parameters[key] = .text(value) }
        return .nested(parameters)
    }
}
