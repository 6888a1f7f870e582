/// What a request says about who is asking: the values of all of its headers of each name, in their order.
public struct RequestCredentials: Sendable {
    /// `Authorization`.
    public var authorization: [String]
    /// `Cookie`.
    public var cookie: [String]
    /// `Origin`.
    public var origin: [String]
    /// `Sec-Fetch-Site`.
    public var fetchSite: [String]

    /// The values of one request's headers.
    public init(
        authorization: [String] = [],
        cookie: [String] = [],
        origin: [String] = [],
        fetchSite: [String] = []
    ) {
        self.authorization = authorization
        self.cookie = cookie
        self.origin = origin
        self.fetchSite = fetchSite
    }
}
