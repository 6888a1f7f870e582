internal import Foundation

/// One block of a PEM text (RFC 7468); what stands around the blocks does not count.
struct PEMBlock {
    /// What stands after `BEGIN`, such as `PUBLIC KEY`.
    let label: String
    /// The decoded body, or nil where it is not base64.
    let contents: [UInt8]?

    /// All blocks of a text, or nil where one is not closed by its own `END` line.
    static func blocks(in text: String) -> [PEMBlock]? {
        var blocks: [PEMBlock] = []
        var open: (label: String, body: String)?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingCharacters(in: .whitespaces)
            if let label = label(of: line, after: "-----BEGIN ") {
                guard open == nil else { return nil }
                open = (label, "")
            } else if let label = label(of: line, after: "-----END ") {
                guard let block = open, block.label == label else { return nil }
                blocks.append(PEMBlock(label: label, contents: Data(base64Encoded: block.body).map(Array.init)))
                open = nil
            } else {
                open?.body += line
            }
        }
        return open == nil ? blocks : nil
    }

    private static func label(of line: String, after prefix: String) -> String? {
        guard line.hasPrefix(prefix), line.hasSuffix("-----"), line.count >= prefix.count + 5 else { return nil }
        return String(line.dropFirst(prefix.count).dropLast(5))
    }
}
