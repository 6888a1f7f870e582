/// A parsed text: its bytes and one flat array of nodes in document order.
///
/// A flat array is one allocation for a whole event, and lets a reader skip a subtree in one step. It is a class so that
/// a value, which is the tape and a place on it, costs one reference to copy.
final class JSONTape: Sendable {
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

    init(bytes: [UInt8], nodes: [Node]) {
        self.bytes = bytes
        self.nodes = nodes
    }

    /// The tape's memory, for a pass over many values; it must not outlive the call of ``withMemory(_:)``.
    struct Memory {
        let bytes: UnsafeBufferPointer<UInt8>
        let nodes: UnsafeBufferPointer<Node>

        /// The bytes of a value; of a string, those between its quotation marks.
        func bytes(of node: Node) -> UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
        }
    }

    func withMemory<Result>(_ body: (Memory) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            nodes.withUnsafeBufferPointer { nodes in body(Memory(bytes: bytes, nodes: nodes)) }
        }
    }
}
