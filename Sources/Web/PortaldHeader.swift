internal import HTTPTypes

/// The headers of portald's own.
enum PortaldHeader {
    /// The name of the request that is answered.
    static let requestID = HTTPField.Name("Portald-Request-Id")
    /// Whole seconds since the mirror that decided last heard from Stripe.
    static let mirrorAge = HTTPField.Name("Portald-Mirror-Age")
    /// Whole seconds since the primary's last sign of life, in the followed mirror that decided.
    static let mirrorLag = HTTPField.Name("Portald-Mirror-Lag")
    /// What a request asks its answer to wait for.
    static let after = HTTPField.Name("Portald-After")
}

extension HTTPFields {
    /// Sets a header; nil sets nothing.
    mutating func set(_ name: HTTPField.Name?, _ value: String?) {
        guard let name, let value else { return }
        self[name] = value
    }

    /// All values of a header.
    func values(_ name: HTTPField.Name?) -> [String] {
        name.map { self[values: $0] } ?? []
    }
}
