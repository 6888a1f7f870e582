/// The fingerprint of an object's state: SHA-256 of its canonical JSON.
///
/// The order of names, white space, the spelling of numbers and strings, and `null` against an absent member make no
/// difference. Fields that Stripe includes only on request, or that show other objects' state, do not count: a change
/// of theirs makes no event of this object, so they would break its chain of revisions without any change of its own.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    public let bytes: [UInt8]

    /// The revision of these bytes, as ``bytes`` gave them; nil where there are not 32.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Digest.byteCount else { return nil }
        self.bytes = bytes
    }

    /// The revision of an object as it is.
    public init(of object: JSON) {
        self.init(of: object, rewoundBy: nil)
    }

    /// The revision of an object as it was before a change.
    ///
    /// - Parameters:
    ///   - object: The object after the change.
    ///   - previousAttributes: `data.previous_attributes` of the change's event: the old values of what changed. Hashes
    ///     are merged name by name, arrays are whole, and `null` stands for a member that was not there.
    ///     https://docs.stripe.com/api/events/object
    public init(of object: JSON, rewoundBy previousAttributes: JSON?) {
        bytes = Digest.sha256(
            CanonicalJSON.bytes(
                of: object,
                rewoundBy: previousAttributes,
                ignoring: Self.uncountedFields(of: object)
            )
        )
    }

    /// Names of an object's own fields that do not count.
    ///
    /// Of a customer these are the expandable lists and balances that API versions up to 2020-03-02 inlined and later
    /// ones give on request. https://docs.stripe.com/upgrades#2020-08-27
    static func uncountedFields(of object: JSON) -> [StaticString] {
        object["object"]?.string == Customer.objectName ? customerFields : []
    }

    private static let customerFields: [StaticString] = [
        "cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids",
    ]

    /// The digest in base 16.
    public var description: String { Hexadecimal.encode(bytes) }
}
