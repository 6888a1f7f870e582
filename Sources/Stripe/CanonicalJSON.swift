/// Writes a value in the one spelling that all its spellings share.
///
/// Names are sorted by their bytes, `null` members are left out, numbers are exact decimals, strings carry only the
/// escapes they need. Two values have the same canonical bytes exactly if they are the same value.
struct CanonicalJSON {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Writes `value`, or, where `previous` is given, what it was before the change: objects merge name by name,
    /// anything else is replaced whole, `null` removes.
    mutating func write(_ value: JSON, rewoundBy previous: JSON? = nil, ignoring ignored: Set<String> = []) {
        guard let previous else { return writePlain(value, ignoring: ignored) }
        guard value.isObject, previous.isObject else { return writePlain(previous, ignoring: ignored) }
        writeMembers(
            merge(sortedMembers(of: value), with: sortedMembers(of: previous)),
            ignoring: ignored
        )
    }

    private mutating func writePlain(_ value: JSON, ignoring ignored: Set<String>) {
        switch value.node.kind {
        case .null: append("null")
        case .true: append("true")
        case .false: append("false")
        case .number: bytes += JSONNumber(value.rawBytes).canonical
        case .string, .escapedString: writeString(value)
        case .array: writeArray(value)
        case .object: writeMembers(sortedMembers(of: value), ignoring: ignored)
        }
    }

    private struct Member {
        /// The name without escapes.
        var name: [UInt8]
        var value: JSON
        var previous: JSON?
    }

    /// Members by name, each name once, with its last value.
    private func sortedMembers(of object: JSON) -> [Member] {
        var members: [Member] = []
        object.forEachMember { name, value in
            let name = name.node.kind == .string ? Array(name.rawBytes) : Array((name.string ?? "").utf8)
            members.append(Member(name: name, value: value))
        }
        members = members.enumerated()
            .sorted { left, right in
                left.element.name == right.element.name
                    ? left.offset < right.offset : left.element.name.lexicographicallyPrecedes(right.element.name)
            }
            .map(\.element)
        return members.indices.filter { $0 + 1 == members.count || members[$0 + 1].name != members[$0].name }
            .map { members[$0] }
    }

    private func merge(_ members: [Member], with previous: [Member]) -> [Member] {
        var merged: [Member] = []
        var members = members[...]
        var previous = previous[...]
        while let old = previous.first {
            if let new = members.first, new.name.lexicographicallyPrecedes(old.name) {
                merged.append(new)
                members.removeFirst()
            } else if let new = members.first, new.name == old.name {
                merged.append(Member(name: new.name, value: new.value, previous: old.value))
                members.removeFirst()
                previous.removeFirst()
            } else {
                merged.append(old)
                previous.removeFirst()
            }
        }
        return merged + members
    }

    private mutating func writeMembers(_ members: [Member], ignoring ignored: Set<String>) {
        append("{")
        var isFirst = true
        for member in members where !(member.previous ?? member.value).isNull {
            if !ignored.isEmpty, ignored.contains(String(decoding: member.name, as: UTF8.self)) {
                continue
            }
            if !isFirst {
                append(",")
            }
            isFirst = false
            writeText(member.name)
            append(":")
            write(member.value, rewoundBy: member.previous)
        }
        append("}")
    }

    private mutating func writeArray(_ array: JSON) {
        append("[")
        for (offset, element) in (array.elements ?? []).enumerated() {
            if offset > 0 {
                append(",")
            }
            writePlain(element, ignoring: [])
        }
        append("]")
    }

    private mutating func writeString(_ string: JSON) {
        if string.node.kind == .string {
            // Without an escape there is nothing in it that would need one.
            append("\"")
            bytes += string.rawBytes
            append("\"")
        } else {
            writeUnits(JSONString.units(of: string.rawBytes))
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

    private mutating func writeText(_ utf8: [UInt8]) {
        append("\"")
        for scalar in String(decoding: utf8, as: UTF8.self).unicodeScalars {
            writeScalar(scalar)
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
