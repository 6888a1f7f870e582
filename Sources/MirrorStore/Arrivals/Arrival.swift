/// Something that a client knows to have happened at Stripe, and that is to come into the mirror.
public enum Arrival: Sendable, Hashable {
    /// A Checkout session that was finished, `cs_…`.
    case checkout(String)
    /// An event, `evt_…`.
    case event(String)

    /// The longest id: Stripe's never exceed 255 characters. https://docs.stripe.com/upgrades
    static let maximumLength = 255

    /// Reads an id; nil where it is of neither kind.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        if Self.isID(text, prefix: "cs_") {
            self = .checkout(text)
        } else if Self.isID(text, prefix: "evt_") {
            self = .event(text)
        } else {
            return nil
        }
    }

    var id: String {
        switch self {
        case .checkout(let id), .event(let id): id
        }
    }

    private static func isID(_ text: String, prefix: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
