public import Stripe

/// What a user asks of the portal: the body of the request, checked by itself.
///
/// Whether the subscription is theirs, ``PortalTarget`` says.
public struct PortalRequest: Sendable, Hashable {
    /// The page that opens. https://docs.stripe.com/customer-management/portal-deep-links
    public enum Flow: String, Sendable, Hashable, CaseIterable {
        /// Add a payment method.
        case paymentMethodUpdate = "payment_method_update"
        /// Cancel a subscription.
        case subscriptionCancel = "subscription_cancel"
        /// Choose another price or quantity.
        case subscriptionUpdate = "subscription_update"
        /// Confirm one change of price and quantity.
        case subscriptionUpdateConfirm = "subscription_update_confirm"

        /// Whether it is about one subscription.
        var isOfSubscription: Bool { self != .paymentMethodUpdate }
    }

    /// Nil opens all of the portal.
    public var flow: Flow?
    /// `sub_…`; it chooses the customer too.
    public var subscription: String?
    /// Only with ``Flow/subscriptionUpdateConfirm``.
    public var price: String?
    /// Only with ``Flow/subscriptionUpdateConfirm``; nil leaves it as it is.
    public var quantity: Int?
    /// Where the portal's link back leads.
    public var returnURL: String
    /// The portal's language; nil follows the browser.
    public var locale: PortalLocale?

    /// What a request without a body asks for.
    ///
    /// - Parameter urls: The addresses that the portal may lead back to.
    public init(returningTo urls: ReturnURLs) {
        returnURL = urls.fallback
    }

    /// Far more than anybody subscribes to.
    static let quantities = 1...1_000_000
    static let longestID = 255

    private enum Name: String, CaseIterable {
        case flow, subscription, price, quantity
        case returnPath = "return_path"
        case locale
    }

    /// The parameters that there are, for a message.
    static let names = Name.allCases.map(\.rawValue).joined(separator: ", ")

    /// Reads a request's body; a parameter that is `null` is the same as one that is absent.
    ///
    /// - Parameters:
    ///   - body: The body.
    ///   - urls: The addresses that the portal may lead back to.
    /// - Throws: ``ParameterFault`` for the first parameter that cannot be used.
    public init(_ body: JSON, returningTo urls: ReturnURLs) throws(ParameterFault) {
        self.init(returningTo: urls)
        for (name, value) in try Self.members(of: body) {
            switch name {
            case .flow: flow = try Self.choice(name, value, "one of \(Self.flows)")
            case .subscription: subscription = try Self.subscription(value)
            case .price: price = try Self.price(value)
            case .quantity: quantity = try Self.quantity(value)
            case .returnPath: returnURL = try urls.url(for: try Self.text(name, value))
            case .locale: locale = try Self.choice(name, value, "a locale of Stripe's portal, such as de or en-GB")
            }
        }
        try checkTogether()
    }

    private static let flows = Flow.allCases.map(\.rawValue).joined(separator: ", ")

    /// The members that say something, each name once.
    private static func members(of body: JSON) throws(ParameterFault) -> [(Name, JSON)] {
        guard let members = body.members else { throw ParameterFault("body", "The body must be a JSON object.") }
        var names: Set<Name> = []
        var known: [(Name, JSON)] = []
        for (text, value) in members {
            guard let name = Name(rawValue: text) else { throw .unknown(text) }
            guard names.insert(name).inserted else {
                throw ParameterFault(text, "'\(name.rawValue)' must not occur twice.")
            }
            if !value.isNull { known.append((name, value)) }
        }
        return known
    }

    private func checkTogether() throws(ParameterFault) {
        if flow == .subscriptionUpdateConfirm {
            guard price != nil else {
                throw ParameterFault("price", "The flow subscription_update_confirm needs 'price'.")
            }
        } else if price != nil {
            throw ParameterFault("price", "'price' goes with the flow subscription_update_confirm only.")
        } else if quantity != nil {
            throw ParameterFault("quantity", "'quantity' goes with the flow subscription_update_confirm only.")
        }
    }

    // MARK: Types

    /// A text of visible ASCII characters: no value that is allowed has others, and Swift would take some for their equals.
    private static func text(_ name: Name, _ value: JSON) throws(ParameterFault) -> String {
        guard let text = value.string else {
            throw ParameterFault(name.rawValue, "'\(name.rawValue)' must be a string.")
        }
        guard !text.isEmpty else {
            throw ParameterFault(name.rawValue, "'\(name.rawValue)' is empty; leave it out, or give it a value.")
        }
        guard text.utf8.allSatisfy(\.isVisible) else {
            throw ParameterFault(name.rawValue, "'\(name.rawValue)' holds a character that must not be in it.")
        }
        return text
    }

    private static func choice<Choice: RawRepresentable<String>>(
        _ name: Name,
        _ value: JSON,
        _ expected: String
    ) throws(ParameterFault) -> Choice {
        guard let choice = Choice(rawValue: try text(name, value)) else {
            throw ParameterFault(name.rawValue, "'\(name.rawValue)' must be \(expected).")
        }
        return choice
    }

    private static func subscription(_ value: JSON) throws(ParameterFault) -> String {
        let id = try text(.subscription, value)
        guard id.hasPrefix("sub_"), id.utf8.count > 4, id.utf8.count <= longestID,
            id.utf8.allSatisfy(\.isWordCharacter)
        else { throw ParameterFault("subscription", "'subscription' must be the id of a subscription, sub_….") }
        return id
    }

    /// Plans from before prices have ids that the operator chose. https://docs.stripe.com/api/plans/create
    private static func price(_ value: JSON) throws(ParameterFault) -> String {
        let id = try text(.price, value)
        guard id.utf8.count <= longestID else { throw ParameterFault("price", "'price' must be the id of a price.") }
        return id
    }

    /// The spelling counts: `1.0` and `1e0` are one to some readers and a fraction to others.
    private static func quantity(_ value: JSON) throws(ParameterFault) -> Int {
        let digits = value.numberText.flatMap { $0.utf8.count <= 10 && $0.utf8.allSatisfy(\.isDigit) ? $0 : nil }
        guard let quantity = digits.flatMap({ Int($0) }), quantities.contains(quantity) else {
            throw ParameterFault(
                "quantity",
                "'quantity' must be a whole number from \(quantities.lowerBound) to \(quantities.upperBound), "
                    + "in digits alone."
            )
        }
        return quantity
    }
}
