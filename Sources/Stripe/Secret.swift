/// A string that must not be shown: an API key, a signing secret, the URL of a portal session.
///
/// Printing, string interpolation, `dump` and reflection see a placeholder. Reading the string takes ``exposed``, so that
/// each place where it leaves the type can be found by that name.
public struct Secret: Sendable {
    /// The string itself.
    public let exposed: String

    /// Wraps a string.
    public init(_ value: String) {
        exposed = value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A placeholder.
    public var description: String { "<secret>" }

    /// The same placeholder.
    public var debugDescription: String { description }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
