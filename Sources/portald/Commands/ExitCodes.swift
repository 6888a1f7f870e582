import ArgumentParser

extension ExitCode {
    /// The settings are wrong (`EX_CONFIG` of sysexits.h).
    static let configuration = ExitCode(78)
    /// Rows are, or were, not what Stripe has.
    static let drift = ExitCode(3)
    /// Another primary has taken over.
    static let superseded = ExitCode(5)
    /// Nothing fails, and something should be looked at.
    static let warnings = ExitCode(4)
}

/// An error that ends a command, in words for the operator.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ error: some CustomStringConvertible) {
        description = error.description
    }
}
