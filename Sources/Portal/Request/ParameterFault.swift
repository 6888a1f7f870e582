/// What is wrong with a parameter of a request.
public struct ParameterFault: Error, Sendable, Hashable {
    /// The parameter's name; `body` where it is none of the contract's and not fit to be repeated.
    public let parameter: String
    /// What to send instead, as a sentence; never the value that was sent.
    public let message: String
    /// What the log is told; nothing that the request said in its own words.
    public let cause: String

    /// Names a parameter of the contract.
    ///
    /// - Parameters:
    ///   - parameter: Its name.
    ///   - message: What to send instead, as a sentence.
    ///   - cause: What the log is told; nil for the name.
    public init(_ parameter: String, _ message: String, cause: String? = nil) {
        self.parameter = parameter
        self.message = message
        self.cause = cause ?? "parameter \(parameter)"
    }

    /// A name that no parameter has; it is told back only if it is a short word, so that nothing can be smuggled.
    static func unknown(_ name: String) -> ParameterFault {
        let isWord = (1...40).contains(name.utf8.count) && name.utf8.allSatisfy(\.isWordCharacter)
        return ParameterFault(
            isWord ? name : "body",
            "There is no such parameter. There are \(PortalRequest.names).",
            cause: "unknown parameter"
        )
    }
}
