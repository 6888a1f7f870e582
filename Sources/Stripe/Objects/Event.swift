internal import FoundationEssentials

/// One webhook delivery's body: what happened, and to which object.
public struct Event: Sendable {
    /// What an event carries of its object.
    public enum Content: Sendable {
        /// The object as it was rendered when the event was made, and, on `*.updated`, the old values of what changed.
        ///
        /// The object is `null` on some events before API version 2017-05-25.
        /// https://docs.stripe.com/api/events/object
        case snapshot(object: JSON, previousAttributes: JSON?)
        /// Only the object's name; its state has to be asked for. https://docs.stripe.com/event-destinations#thin-events
        case thin(object: RelatedObject?)
    }

    /// The object that a thin event is about.
    public struct RelatedObject: Sendable, Hashable {
        /// Stripe's id, such as `cus_…`.
        public var id: String
        /// Stripe's name of the type, such as `customer`.
        public var type: String
    }

    /// Stripe's id, `evt_…`.
    public var id: String
    /// Such as `customer.subscription.updated`; thin events of such objects begin with `v1.`.
    public var type: String
    /// Unix seconds.
    ///
    /// Stripe promises no order by it, and many events may share one.
    public var created: Int64
    /// The version that the object is rendered in; nil on thin events.
    public var apiVersion: String?
    /// `acct_…` on events of connected accounts, else nil.
    public var account: String?
    /// Whether the event is of live mode.
    public var livemode: Bool
    /// `req_…` of the API request that made the change; nil where nobody asked for it, such as on renewals.
    public var request: String?
    /// On a thin event, the id of the event that tells the same with a snapshot, where there is one.
    public var snapshotEvent: String?
    /// What the event carries of its object.
    public var content: Content

    /// Reads an event of any API version.
    ///
    /// - Parameter body: The delivery's whole body.
    /// - Throws: ``JSONError`` where the body is no event.
    public init(_ body: JSON) throws(JSONError) {
        let objectName = try body.string("object")
        id = try body.id()
        type = try body.string("type")
        livemode = try body.bool("livemode")
        switch objectName {
        case "event":
            created = try Self.plausible(try body.integer("created"))
            apiVersion = try body.optionalString("api_version")
            account = try body.optionalString("account")
            // A string until API version 2017-05-25, an object since. https://docs.stripe.com/upgrades#2017-05-25
            request = body["request"]?.string ?? body["request"]?["id"]?.string
            let data = try body.object("data")
            let previousAttributes = data.optional("previous_attributes")
            guard previousAttributes?.isObject ?? true else {
                throw .mismatch(member: "previous_attributes", expected: "an object")
            }
            guard let object = data["object"], object.isObject || object.isNull else {
                throw .missing(member: "data.object")
            }
            content = .snapshot(object: object, previousAttributes: previousAttributes)
        case "v2.core.event":
            created = try Self.unixSeconds(try body.string("created"))
            // A thin event names a connected account as its context.
            account = try body.optionalString("context")
            request = body["reason"]?["request"]?["id"]?.string
            snapshotEvent = body["snapshot_event"]?.string
            if let related = body.optional("related_object") {
                content = .thin(
                    object: RelatedObject(id: try related.id(), type: try related.string("type"))
                )
            } else {
                content = .thin(object: nil)
            }
        default:
            throw .mismatch(member: "object", expected: "'event' or 'v2.core.event'")
        }
    }

    /// A time up to the year 9999: sums and differences of such times cannot overflow.
    private static func plausible(_ seconds: Int64) throws(JSONError) -> Int64 {
        guard (0...253_402_300_799).contains(seconds) else {
            throw .mismatch(member: "created", expected: "a time in Unix seconds")
        }
        return seconds
    }

    private static func unixSeconds(_ timestamp: String) throws(JSONError) -> Int64 {
        // RFC 3339, with or without fractions of a second.
        let styles = [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()]
        for style in styles {
            if let date = try? style.parse(timestamp) {
                return try plausible(Int64(date.timeIntervalSince1970.rounded(.down)))
            }
        }
        throw .mismatch(member: "created", expected: "a timestamp after RFC 3339")
    }
}
