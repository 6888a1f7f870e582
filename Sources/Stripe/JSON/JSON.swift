/// One value of a parsed JSON text, read in place.
///
/// Values share the text they came from, so that an event is parsed once and its object, its previous attributes and
/// their fingerprints are all read from the same bytes. A name that occurs twice in an object counts by its last
/// occurrence, as in most readers.
public struct JSON: Sendable {
    /// How deep arrays and objects may nest.
    ///
    /// Stripe's objects stay below ten.
    public static let maximumDepth = 64

    let tape: JSONTape
    let index: Int

    /// Parses one JSON text.
    ///
    /// - Parameter bytes: UTF-8, optionally behind a byte order mark.
    /// - Throws: ``JSONError`` where the bytes are not one JSON text.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        self.init(tape: try JSONParser.parse(bytes), index: 0)
    }

    init(tape: JSONTape, index: Int) {
        self.tape = tape
        self.index = index
    }

    var node: JSONTape.Node { tape.nodes[index] }

    /// The value's bytes as they stand in the text; of a string, those between its quotation marks.
    var rawBytes: ArraySlice<UInt8> { tape.bytes[Int(node.start)..<Int(node.end)] }

    /// Whether the value is `null`.
    public var isNull: Bool { node.kind == .null }

    /// Whether the value is an object.
    public var isObject: Bool { node.kind == .object }

    /// The value as a truth value, nil where it is none.
    public var bool: Bool? {
        switch node.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The value as a string, nil where it is none.
    ///
    /// A surrogate without its partner reads as U+FFFD.
    public var string: String? {
        switch node.kind {
        case .string: String(decoding: rawBytes, as: UTF8.self)
        case .escapedString: String(decoding: JSONString.units(of: rawBytes), as: UTF16.self)
        default: nil
        }
    }

    /// The number as it is spelled, nil where the value is none.
    public var numberText: String? {
        node.kind == .number ? String(decoding: rawBytes, as: UTF8.self) : nil
    }

    /// The value as an integer, in whatever spelling (`12`, `12.0`, `1.2e1`), nil where it is none or does not fit.
    public var integer: Int64? {
        guard node.kind == .number else { return nil }
        return JSONNumber(rawBytes).integer
    }

    /// The array's values, nil where the value is no array.
    public var elements: [JSON]? {
        guard node.kind == .array else { return nil }
        var elements: [JSON] = []
        var child = index + 1
        while child < Int(node.next) {
            elements.append(JSON(tape: tape, index: child))
            child = Int(tape.nodes[child].next)
        }
        return elements
    }

    /// The object's members in the order of the text, nil where the value is no object.
    public var members: [(name: String, value: JSON)]? {
        guard isObject else { return nil }
        var members: [(name: String, value: JSON)] = []
        forEachMember { name, value in members.append((name.string ?? "", value)) }
        return members
    }

    /// The member of that name; nil where there is none.
    ///
    /// `null` is a member.
    public subscript(_ name: String) -> JSON? {
        guard isObject else { return nil }
        var name = name
        let found = name.withUTF8 { wanted in tape.withMemory { valueIndex(of: wanted, in: $0) } }
        return found.map { JSON(tape: tape, index: $0) }
    }

    private func valueIndex(of wanted: UnsafeBufferPointer<UInt8>, in memory: JSONTape.Memory) -> Int? {
        var found: Int?
        var child = index + 1
        let end = Int(node.next)
        while child < end {
            let name = memory.nodes[child]
            if name.kind == .string {
                if Int(name.end - name.start) == wanted.count, memory.bytes(of: name).elementsEqual(wanted) {
                    found = child + 1
                }
            } else if JSON(tape: tape, index: child).string?.utf8.elementsEqual(wanted) == true {
                found = child + 1
            }
            child = Int(memory.nodes[child + 1].next)
        }
        return found
    }

    func forEachMember(_ body: (_ name: JSON, _ value: JSON) -> Void) {
        guard isObject else { return }
        var child = index + 1
        let end = Int(node.next)
        while child < end {
            body(JSON(tape: tape, index: child), JSON(tape: tape, index: child + 1))
            child = Int(tape.nodes[child + 1].next)
        }
    }
}
