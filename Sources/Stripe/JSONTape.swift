/// A parsed text: its bytes and one flat array of nodes in document order.
///
/// A flat array is one allocation for a whole event, and lets a reader skip a subtree in one step.
struct JSONTape: Sendable {
    /// One value, or one member's name.
    ///
    /// Offsets are into ``bytes``.
    struct Node: Sendable {
        enum Kind: UInt8, Sendable {
            case null, `true`, `false`, number
            /// A string or name whose bytes between the quotation marks are its characters.
            case string
            /// A string or name with at least one escape.
            case escapedString
            case array, object
        }

        var kind: Kind
        /// First byte of the value; of a string, the byte after its quotation mark.
        var start: Int32
        /// Byte after the value; of a string, its closing quotation mark.
        var end: Int32
        /// Index of the node after this one and all that it contains.
        var next: Int32
    }

    let bytes: [UInt8]
    let nodes: [Node]
}
