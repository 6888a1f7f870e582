/// Values made from others, each with a text of its own.
extension JSON {
    /// An array.
    ///
    /// - Parameter elements: its values, in this order.
    /// - Throws: ``JSONError/tooDeep(offset:)`` where a value is nested as deep as may be already.
    public init(array elements: [JSON]) throws(JSONError) {
        var bytes = [UInt8(ascii: "[")]
        for (offset, element) in elements.enumerated() {
            if offset > 0 { bytes.append(UInt8(ascii: ",")) }
            element.appendCompact(to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        try self.init(parsing: bytes)
    }

    /// A truth value.
    public init(_ bool: Bool) throws(JSONError) {
        try self.init(parsing: Array((bool ? "true" : "false").utf8))
    }

    /// The object with another value for a member; the order of the members stays.
    ///
    /// - Parameters:
    ///   - name: the member, which must be there.
    ///   - value: its new value.
    /// - Returns: the new object.
    /// - Throws: ``JSONError/missing(member:)``, and ``JSONError/tooDeep(offset:)`` where the value is nested too deep to
    ///   stand there.
    public func replacing(_ name: String, with value: JSON) throws(JSONError) -> JSON {
        guard self[name] != nil else { throw .missing(member: name) }
        var bytes = [UInt8(ascii: "{")]
        forEachMember { key, present in
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            key.appendCompact(to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            (key.string == name ? value : present).appendCompact(to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return try JSON(parsing: bytes)
    }
}
