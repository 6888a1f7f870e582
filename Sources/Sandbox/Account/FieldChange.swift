/// What an update does to a field: Stripe clears a field that is sent empty and keeps one that is not sent.
enum FieldChange<Value> {
    case keep
    case clear
    case set(Value)

    func applied(to value: Value?) -> Value? {
        switch self {
        case .keep: value
        case .clear: nil
        case .set(let new): new
        }
    }
}
