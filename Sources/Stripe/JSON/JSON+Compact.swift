extension JSON {
    /// The value without white space between its tokens; order, spelling and escapes stay as they are.
    ///
    /// Stripe indents what it sends; without the indentation an object takes about half the bytes.
    public var compactText: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(node.end - node.start))
        appendCompact(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func appendCompact(to bytes: inout [UInt8]) {
        switch node.kind {
        case .null, .true, .false, .number:
            bytes += rawBytes
        case .string, .escapedString:
            bytes.append(UInt8(ascii: "\""))
            bytes += rawBytes
            bytes.append(UInt8(ascii: "\""))
        case .array:
            bytes.append(UInt8(ascii: "["))
            for (offset, element) in (elements ?? []).enumerated() {
                if offset > 0 {
                    bytes.append(UInt8(ascii: ","))
                }
                element.appendCompact(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object:
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            forEachMember { name, value in
                if !isFirst {
                    bytes.append(UInt8(ascii: ","))
                }
                isFirst = false
                name.appendCompact(to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                value.appendCompact(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
