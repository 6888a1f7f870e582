/// The addresses that the portal may lead a customer back to: below the frontend, or at an allowed origin.
///
/// What is handed to Stripe is put together here from parts that were checked, never the client's own text: a browser reads
/// an address more leniently than any rule (https://url.spec.whatwg.org/#url-parsing), and one that it would read in
/// another way would be an open redirect.
public struct ReturnURLs: Sendable, Hashable {
    /// The longest `return_path`, in bytes.
    public static let longest = 2048

    /// Where a customer is led who asks for no other place.
    public let fallback: String
    private let base: String
    private let origins: Set<String>

    /// - Parameters:
    ///   - base: The frontend's address, without a slash at its end.
    ///   - fallback: The address of the frontend's billing page.
    ///   - origins: Scheme, host and port of allowed pages as browsers send them: lower case, no default port.
    public init(base: String, fallback: String, origins: Set<String>) {
        self.base = base
        self.fallback = fallback
        self.origins = origins
    }

    /// The address that a `return_path` names.
    ///
    /// A path is below the frontend's address; an address in full has to be of an allowed origin. Dot segments are resolved
    /// and lead to neither's parent.
    ///
    /// - Throws: ``ParameterFault``.
    public func url(for returnPath: String) throws(ParameterFault) -> String {
        let bytes = Array(returnPath.utf8)
        guard bytes.count <= Self.longest else {
            throw Self.fault("is longer than \(Self.longest) bytes.")
        }
        guard bytes.allSatisfy(Self.isURLCharacter), Self.isPercentEncoded(bytes) else {
            throw Self.fault("holds a character that has no place in an address; percent-encode it.")
        }
        if returnPath.hasPrefix("/") {
            return base + (try Self.target(returnPath[...]))
        }
        guard let (origin, rest) = Self.split(returnPath), origins.contains(origin) else {
            throw Self.fault("must be a path that begins with one slash, or an address of an allowed origin.")
        }
        return origin + (try Self.target(rest))
    }

    private static func fault(_ what: String) -> ParameterFault {
        ParameterFault("return_path", "'return_path' \(what)")
    }

    // MARK: Origin

    /// The origin as a browser writes it, and what follows it; nil where there is none or it is not plain.
    private static func split(_ url: String) -> (origin: String, rest: Substring)? {
        guard let mark = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<mark.lowerBound].lowercased()
        guard let defaultPort = ["http": 80, "https": 443][scheme] else { return nil }
        let authority = url[mark.upperBound...].prefix { !"/?#".contains($0) }
        guard let (host, port) = Self.split(authority: authority) else { return nil }
        let suffix = port.flatMap { $0 == defaultPort ? nil : ":\($0)" } ?? ""
        return ("\(scheme)://\(host)\(suffix)", url[authority.endIndex...])
    }

    /// No user name fits the form, so none can stand before the host.
    private static func split(authority: Substring) -> (host: String, port: Int?)? {
        guard let match = authority.wholeMatch(of: /([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/) else {
            return nil
        }
        let port = match.output.2.flatMap { Int($0) }
        guard (1...65_535).contains(port ?? 1) else { return nil }
        return (match.output.1.lowercased(), port)
    }

    // MARK: Path

    /// Path, query and fragment, without dot segments; a path is there always.
    private static func target(_ text: Substring) throws(ParameterFault) -> String {
        let path = text.prefix { $0 != "?" && $0 != "#" }
        let suffix = text[path.endIndex...]
        guard !path.isEmpty else { return "/" + suffix }
        guard path.hasPrefix("/"), !path.contains("//"), !hasEncodedDelimiter(path) else {
            throw fault("must not hold two slashes in a row, or an encoded slash, backslash or control character.")
        }
        return withoutDotSegments(path) + suffix
    }

    /// RFC 3986 §5.2.4, with the encoded dots that browsers count as dots too.
    private static func withoutDotSegments(_ path: Substring) -> String {
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment.lowercased().replacing("%2e", with: ".") {
            case ".":
                if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default:
                kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    /// A frontend that decodes the path and goes there would be led elsewhere.
    private static func hasEncodedDelimiter(_ path: Substring) -> Bool {
        path.matches(of: /%([0-9A-Fa-f]{2})/).contains { match in
            let byte = UInt8(match.output.1, radix: 16) ?? 0
            return byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\")
        }
    }

    // MARK: Characters

    /// RFC 3986 §2: reserved and unreserved characters, and the percent sign.
    private static func isURLCharacter(_ byte: UInt8) -> Bool {
        byte.isWordCharacter || "~:/?#[]@!$&'()*+,;=%".utf8.contains(byte)
    }

    /// Whether two hexadecimal digits follow each percent sign.
    private static func isPercentEncoded(_ bytes: [UInt8]) -> Bool {
        bytes.indices.allSatisfy { index in
            guard bytes[index] == UInt8(ascii: "%") else { return true }
            let digits = bytes[(index + 1)...].prefix(2)
            return digits.count == 2 && digits.allSatisfy { Unicode.Scalar($0).properties.isASCIIHexDigit }
        }
    }
}
