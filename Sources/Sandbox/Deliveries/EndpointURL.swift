/// The parts of an endpoint's URL that a delivery needs.
struct EndpointURL: Sendable, Hashable {
    var host: String
    var port: Int
    /// Path and query.
    var target: String

    /// - Throws: ``SandboxError/invalidEndpoint(_:)`` unless the text is `http://host[:port][/path][?query]`.
    init(_ text: String) throws(SandboxError) {
        guard text.hasPrefix("http://") else { throw .invalidEndpoint(text) }
        let rest = text.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest.dropFirst(authority.count).prefix { $0 != "#" }
        let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
        let host = authority[..<(colon ?? authority.endIndex)]
        let port = colon.map { Int(authority[authority.index(after: $0)...]) } ?? 80
        guard !host.isEmpty, !authority.contains("@"), let port, (1...65_535).contains(port) else {
            throw .invalidEndpoint(text)
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : String(host)
        self.port = port
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
    }
}
