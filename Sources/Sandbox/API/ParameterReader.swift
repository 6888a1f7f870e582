/// Takes parameters out of a request one by one; what is left at the end is unknown to the sandbox and refused.
///
/// An operation reads everything and calls ``finish()`` before it changes any state.
struct ParameterReader {
    private var remaining: [StripeParameters.Entry]
    private let prefix: String?

    init(_ parameters: StripeParameters, prefix: String? = nil) {
        remaining = parameters.entries
        self.prefix = prefix
    }

    /// The full name of a parameter, for example `items[0][price]`.
    func fullName(_ name: String) -> String {
        prefix.map { "\($0)[\(name)]" } ?? name
    }

    /// Whether everything has been read.
    var isEmpty: Bool {
        remaining.isEmpty
    }

    /// Whether a parameter was sent as a plain value rather than as a hash.
    func holdsText(_ name: String) -> Bool {
        guard case .text = remaining.first(where: { $0.name == name })?.value else { return false }
        return true
    }

    /// Whether a parameter was sent with exactly this plain value.
    ///
    /// It stays unread.
    func text(_ name: String, is value: String) -> Bool {
        remaining.contains { $0.name == name && $0.value == .text(value) }
    }

    private mutating func take(_ name: String) -> FormValue? {
        guard let position = remaining.firstIndex(where: { $0.name == name }) else { return nil }
        return remaining.remove(at: position).value
    }

    mutating func text(_ name: String) throws(StripeAPIError) -> String? {
        switch take(name) {
        case nil: return nil
        case .text(let value): return value
        case .nested: throw .invalid(fullName(name), "Invalid string: \(fullName(name)) must be a plain value.")
        }
    }

    mutating func required(_ name: String) throws(StripeAPIError) -> String {
        guard let value = try text(name), !value.isEmpty else { throw .parameterMissing(fullName(name)) }
        return value
    }

    mutating func textChange(_ name: String) throws(StripeAPIError) -> FieldChange<String> {
        switch try text(name) {
        case nil: .keep
        case "": .clear
        case let value?: .set(value)
        }
    }

    mutating func integer(_ name: String) throws(StripeAPIError) -> Int? {
        guard let value = try text(name) else { return nil }
        guard let number = Int(value) else {
            throw .invalid(fullName(name), "Invalid integer: \(value)", code: "parameter_invalid_integer")
        }
        return number
    }

    mutating func boolean(_ name: String) throws(StripeAPIError) -> Bool? {
        switch try text(name) {
        case nil: return nil
        case "true": return true
        case "false": return false
        case let value?: throw .invalid(fullName(name), "Invalid boolean: \(value)")
        }
    }

    mutating func choice(_ name: String, of allowed: [String]) throws(StripeAPIError) -> String? {
        guard let value = try text(name) else { return nil }
        guard allowed.contains(value) else {
            let list = allowed.joined(separator: ", ")
            throw .invalid(fullName(name), "Invalid \(fullName(name)): must be one of \(list)")
        }
        return value
    }

    /// A nested hash; nil where it was not sent, an empty one where it was sent empty.
    mutating func hash(_ name: String) throws(StripeAPIError) -> ParameterReader? {
        switch take(name) {
        case nil: return nil
        case .text(""): return ParameterReader(StripeParameters(), prefix: fullName(name))
        case .text: throw .invalid(fullName(name), "Invalid hash: \(fullName(name)) must be a hash.")
        case .nested(let parameters): return ParameterReader(parameters, prefix: fullName(name))
        }
    }

    /// A list of hashes in the order of their positions.
    mutating func hashes(_ name: String) throws(StripeAPIError) -> [ParameterReader]? {
        guard var list = try hash(name) else { return nil }
        var readers: [ParameterReader] = []
        for position in list.positions {
            if let reader = try list.hash(position) { readers.append(reader) }
        }
        try list.finish()
        return readers
    }

    /// A list of plain values in the order of their positions.
    mutating func texts(_ name: String) throws(StripeAPIError) -> [String]? {
        guard var list = try hash(name) else { return nil }
        var values: [String] = []
        for position in list.positions {
            if let value = try list.text(position) { values.append(value) }
        }
        try list.finish()
        return values
    }

    private var positions: [String] {
        remaining.compactMap { Int($0.name) }.sorted().map { String($0) }
    }

    /// Stripe's limits: <https://docs.stripe.com/metadata#data>.
    mutating func metadata() throws(StripeAPIError) -> MetadataChange? {
        guard let value = take("metadata") else { return nil }
        guard case .nested(let parameters) = value else {
            guard value == .text("") else { throw .invalid("metadata", "Invalid hash: metadata must be a hash.") }
            return .clear
        }
        var entries: [(key: String, value: String)] = []
        for entry in parameters.entries {
            guard case .text(let text) = entry.value else {
                throw .invalid("metadata[\(entry.name)]", "Metadata values must be strings.")
            }
            guard entry.name.count <= 40, text.count <= 500 else {
                throw .invalid("metadata[\(entry.name)]", "Metadata keys have up to 40 characters, values up to 500.")
            }
            entries.append((entry.name, text))
        }
        return .merge(entries)
    }

    /// Refuses parameters that nothing has read.
    func finish() throws(StripeAPIError) {
        guard remaining.isEmpty else { throw .parametersUnknown(remaining.map { fullName($0.name) }) }
    }
}
