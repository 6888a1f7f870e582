extension JSON {
    /// Whether every reader understands the text alike: no object has a name twice, and no string a surrogate without
    /// its partner.
    ///
    /// Where a text decides who somebody is, two readers that keep different ones of two equal names are a hole
    /// (RFC 8725 §2.4).
    public var isUnambiguous: Bool {
        switch node.kind {
        case .null, .true, .false, .number, .string:
            return true
        case .escapedString:
            return String(validating: JSONString.units(of: rawBytes), as: UTF16.self) != nil
        case .array:
            return (elements ?? []).allSatisfy(\.isUnambiguous)
        case .object:
            var names: Set<[UInt8]> = []
            var isUnambiguous = true
            forEachMember { name, value in
                let isNew = names.insert(Array((name.string ?? "").utf8)).inserted
                isUnambiguous = isUnambiguous && isNew && name.isUnambiguous && value.isUnambiguous
            }
            return isUnambiguous
        }
    }
}
