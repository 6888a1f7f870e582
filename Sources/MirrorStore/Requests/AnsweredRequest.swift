internal import GRDB

/// An answer that a signed-in user was given.
public struct AnsweredRequest: Sendable, Hashable, Encodable {
    /// `req_…`, as the answer's header and the log say.
    public var id: String
    /// The user's id.
    public var user: String
    /// When the mirror was read for it, or else when it was given, Unix seconds by this machine's clock.
    public var at: Double
    /// The path of the endpoint.
    public var endpoint: String
    /// `allowed`, `listed`, or the code of the error.
    public var code: String
    /// The customer whose portal was opened.
    public var customer: String?
    /// How long it took.
    public var milliseconds: Int64

    enum CodingKeys: String, CodingKey {
        case id, at, endpoint, code, customer, milliseconds
        case user = "user_id"
    }

    /// Creates an answer from its parts.
    public init(
        id: String,
        user: UserID,
        at: Double,
        endpoint: String,
        code: String,
        customer: String?,
        milliseconds: Int64
    ) {
        self.id = id
        self.user = user.rawValue
        self.at = at
        self.endpoint = endpoint
        self.code = code
        self.customer = customer
        self.milliseconds = milliseconds
    }

    init(_ row: Row) {
        id = row["id"]
        user = row["user_id"]
        at = row["at"]
        endpoint = row["endpoint"]
        code = row["code"]
        customer = row["customer"]
        milliseconds = row["milliseconds"]
    }
}
