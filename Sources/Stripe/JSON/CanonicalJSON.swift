internal import Glibc

/// Writes a value in the one spelling that all its spellings share.
///
/// Names are sorted by their bytes, `null` members are left out, numbers are exact decimals, strings carry only the
/// escapes they need. Two values have the same canonical bytes exactly if they are the same value.
///
/// It is one pass over the tapes' memory without a copy of any value: it runs twice for every delivery.
struct CanonicalJSON {
    private(set) var bytes: [UInt8] = []

    /// The members of the objects that are being written, the innermost last.
    private var members: [Member] = []
    /// Names that had to be decoded; freed when the pass ends.
    private var decodedNames: [UnsafeMutableBufferPointer<UInt8>] = []

    /// A value on a tape.
    private struct Place {
        let memory: JSONTape.Memory
        let index: Int

        var node: JSONTape.Node { memory.nodes[index] }
        var bytes: UnsafeBufferPointer<UInt8> { memory.bytes(of: node) }
    }

    private struct Member {
        /// The name without escapes.
        let name: UnsafeBufferPointer<UInt8>
        let value: Place

        func precedes(_ other: Member) -> Bool {
            let order = Self.compare(name, other.name)
            return order == 0 ? value.index < other.value.index : order < 0
        }

        func isNamed(_ wanted: StaticString) -> Bool {
            wanted.withUTF8Buffer { Self.compare(name, $0) == 0 }
        }

        static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
            guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else {
                return left.count - right.count
            }
            let order = memcmp(leftBase, rightBase, min(left.count, right.count))
            return order == 0 ? left.count - right.count : Int(order)
        }
    }

    /// Writes a value, or, where `previous` is given, what it was before the change: objects merge name by name, anything
    /// else is replaced whole, `null` removes.
    ///
    /// - Parameters:
    ///   - value: The value after the change.
    ///   - previous: The old values of what changed.
    ///   - ignored: Names of the outermost object's members that are left out.
    /// - Returns: The canonical bytes.
    static func bytes(of value: JSON, rewoundBy previous: JSON? = nil, ignoring ignored: [StaticString] = []) -> [UInt8]
    {
        var canonical = CanonicalJSON()
        canonical.bytes.reserveCapacity(value.rawBytes.count)
        defer { canonical.decodedNames.forEach { $0.deallocate() } }
        value.tape.withMemory { memory in
            let place = Place(memory: memory, index: value.index)
            guard let previous else { return canonical.write(place, ignoring: ignored) }
            previous.tape.withMemory { memory in
                canonical.write(place, rewoundBy: Place(memory: memory, index: previous.index), ignoring: ignored)
            }
        }
        return canonical.bytes
    }

    private mutating func write(_ value: Place, ignoring ignored: [StaticString] = []) {
        switch value.node.kind {
        case .null: append("null")
        case .true: append("true")
        case .false: append("false")
        case .number: writeNumber(value.bytes)
        case .string: writePlain(value.bytes)
        case .escapedString: writeUnits(JSONString.units(of: ArraySlice(value.bytes)))
        case .array: writeArray(value)
        case .object: writeObject(value, ignoring: ignored)
        }
    }

    private mutating func write(_ value: Place, rewoundBy previous: Place, ignoring ignored: [StaticString] = []) {
        guard value.node.kind == .object, previous.node.kind == .object else {
            return write(previous, ignoring: ignored)
        }
        let first = members.count
        var new = pushMembers(of: value)
        var old = pushMembers(of: previous)
        append("{")
        let start = bytes.count
        while !new.isEmpty || !old.isEmpty {
            let order = order(of: new.first, old.first)
            if order < 0 {
                writeMember(members[new.removeFirst()], from: start, ignoring: ignored)
            } else if order > 0 {
                writeMember(members[old.removeFirst()], from: start, ignoring: ignored)
            } else {
                let member = members[new.removeFirst()]
                writeMember(member, rewoundBy: members[old.removeFirst()].value, from: start, ignoring: ignored)
            }
        }
        append("}")
        members.removeSubrange(first...)
    }

    private func order(of new: Int?, _ old: Int?) -> Int {
        guard let new else { return 1 }
        guard let old else { return -1 }
        return Member.compare(members[new].name, members[old].name)
    }

    private mutating func writeObject(_ object: Place, ignoring ignored: [StaticString]) {
        let first = members.count
        append("{")
        let start = bytes.count
        for index in pushMembers(of: object) {
            writeMember(members[index], from: start, ignoring: ignored)
        }
        append("}")
        members.removeSubrange(first...)
    }

    private mutating func writeArray(_ array: Place) {
        append("[")
        let start = bytes.count
        var child = array.index + 1
        while child < Int(array.node.next) {
            let element = Place(memory: array.memory, index: child)
            separate(from: start)
            write(element)
            child = Int(element.node.next)
        }
        append("]")
    }

    private mutating func writeMember(
        _ member: Member,
        rewoundBy previous: Place? = nil,
        from start: Int,
        ignoring ignored: [StaticString]
    ) {
        guard (previous ?? member.value).node.kind != .null, !ignored.contains(where: { member.isNamed($0) }) else {
            return
        }
        separate(from: start)
        writeText(member.name)
        append(":")
        if let previous {
            write(member.value, rewoundBy: previous)
        } else {
            write(member.value)
        }
    }

    private mutating func separate(from start: Int) {
        if bytes.count > start {
            append(",")
        }
    }

    /// Pushes an object's members in the order of their names, each name once, with its last value.
    private mutating func pushMembers(of object: Place) -> Range<Int> {
        let first = members.count
        var child = object.index + 1
        while child < Int(object.node.next) {
            let name = Place(memory: object.memory, index: child)
            let value = Place(memory: object.memory, index: child + 1)
            members.append(Member(name: self.name(name), value: value))
            child = Int(value.node.next)
        }
        sortMembers(from: first)
        dropRepeatedNames(from: first)
        return first..<members.count
    }

    private mutating func name(_ name: Place) -> UnsafeBufferPointer<UInt8> {
        guard name.node.kind == .escapedString else { return name.bytes }
        let decoded = String(decoding: JSONString.units(of: ArraySlice(name.bytes)), as: UTF16.self)
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: decoded.utf8.count)
        _ = memory.initialize(from: decoded.utf8)
        decodedNames.append(memory)
        return UnsafeBufferPointer(memory)
    }

    /// Stripe's own order is nearly sorted, for which insertion is the fastest; a long and hostile one is not.
    private mutating func sortMembers(from first: Int) {
        guard members.count - first <= 64 else {
            members[first...].sort { $0.precedes($1) }
            return
        }
        for index in (first..<members.count).dropFirst() {
            let member = members[index]
            var hole = index
            while hole > first, member.precedes(members[hole - 1]) {
                members[hole] = members[hole - 1]
                hole -= 1
            }
            members[hole] = member
        }
    }

    private mutating func dropRepeatedNames(from first: Int) {
        var kept = first
        for index in first..<members.count {
            let isRepeated =
                index + 1 < members.count && Member.compare(members[index].name, members[index + 1].name) == 0
            if !isRepeated {
                members[kept] = members[index]
                kept += 1
            }
        }
        members.removeSubrange(kept...)
    }

    // MARK: Scalars

    private mutating func writeNumber(_ spelling: UnsafeBufferPointer<UInt8>) {
        if JSONNumber.isCanonical(spelling) {
            bytes.append(contentsOf: spelling)
        } else {
            bytes += JSONNumber(ArraySlice(spelling)).canonical
        }
    }

    /// A string without escapes holds nothing that would need one.
    private mutating func writePlain(_ characters: UnsafeBufferPointer<UInt8>) {
        append("\"")
        bytes.append(contentsOf: characters)
        append("\"")
    }

    private mutating func writeText(_ characters: UnsafeBufferPointer<UInt8>) {
        if characters.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
            writePlain(characters)
        } else {
            writeUnits(Array(String(decoding: characters, as: UTF8.self).utf16))
        }
    }

    private mutating func writeUnits(_ units: [UInt16]) {
        append("\"")
        var decoder = UTF16()
        var iterator = units.makeIterator()
        var position = 0
        decoding: while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                writeScalar(scalar)
                position += UTF16.width(scalar)
            case .error:
                // A surrogate without its partner has no UTF-8, and must not read the same as another one.
                bytes += Array("\\u".utf8) + Array(String(units[position], radix: 16).utf8)
                position += 1
            case .emptyInput:
                break decoding
            }
        }
        append("\"")
    }

    private mutating func writeScalar(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": append("\\\"")
        case "\\": append("\\\\")
        case "\u{0}"..<"\u{20}":
            append("\\u00")
            bytes += Array(Hexadecimal.encode([UInt8(scalar.value)]).utf8)
        default: bytes += Array(String(scalar).utf8)
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }
}
