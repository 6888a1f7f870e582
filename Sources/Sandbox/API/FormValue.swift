/// One value of Stripe's form encoding: text, or names (or list positions) with values of their own.
public enum FormValue: Sendable, Hashable {
    /// A plain value; numbers and booleans travel as text.
    case text(String)
    /// A nested hash or list. A list's names are its positions in decimal.
    case nested(StripeParameters)
}

/// Request parameters in Stripe's vocabulary, for example `["metadata": ["user_id": "7"]]`.
///
/// The order of the parameters is kept.
public struct StripeParameters: Sendable, Hashable {
    struct Entry: Sendable, Hashable {
        var name: String
        var value: FormValue
    }

    var entries: [Entry] = []

    /// Creates parameters without any entry.
    public init() {}

    /// The value of a parameter; setting nil removes it.
    public subscript(name: String) -> FormValue? {
        get { entries.first { $0.name == name }?.value }
        set {
            let position = entries.firstIndex { $0.name == name }
            switch (position, newValue) {
            case (let position?, let value?): entries[position].value = value
            case (let position?, nil): entries.remove(at: position)
            case (nil, let value?): entries.append(Entry(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension StripeParameters: ExpressibleByDictionaryLiteral {
    /// Creates parameters that keep the order of the literal.
    public init(dictionaryLiteral elements: (String, FormValue)...) {
        entries = elements.map { Entry(name: $0.0, value: $0.1) }
    }
}

extension FormValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// Creates a plain value.
    public init(stringLiteral value: String) {
        self = .text(value)
    }

    /// Creates a number, sent as decimal text.
    public init(integerLiteral value: Int) {
        self = .text(String(value))
    }

    /// Creates `true` or `false`, sent as text.
    public init(booleanLiteral value: Bool) {
        self = .text(value ? "true" : "false")
    }
}

extension FormValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// Creates a list.
    public init(arrayLiteral elements: FormValue...) {
        self.init(list: elements)
    }

    /// Creates a hash that keeps the order of the literal.
    public init(dictionaryLiteral elements: (String, FormValue)...) {
        var parameters = StripeParameters()
        for (name, value) in elements { parameters[name] = value }
        self = .nested(parameters)
    }

    /// Creates a list from a sequence of values.
    public init(list: some Sequence<FormValue>) {
        var parameters = StripeParameters()
        for (index, value) in list.enumerated() {
            parameters.entries.append(.init(name: String(index), value: value))
        }
        self = .nested(parameters)
    }
}
