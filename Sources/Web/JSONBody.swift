internal import HTTPTypes
internal import Hummingbird
internal import Stripe

extension Request {
    /// The body's JSON; nil where there is no body.
    ///
    /// A page of another site can send `text/plain` without asking first, but not JSON
    /// (https://fetch.spec.whatwg.org/#cors-safelisted-request-header): no other type is read.
    ///
    /// - Throws: ``HTTPFailure`` where it is larger than the limit, of another type, or no JSON.
    func json(upTo limit: Int) async throws -> JSON? {
        let bytes = try await body(upTo: limit)
        guard !bytes.isEmpty else { return nil }
        let types = headers[values: .contentType]
        guard let type = types.first, types.count == 1, Self.isJSON(mediaType: type) else {
            throw HTTPFailure.unsupportedMediaType
        }
        do throws(JSONError) {
            return try JSON(parsing: bytes)
        } catch {
            throw HTTPFailure.invalidJSON(error)
        }
    }

    /// `application/json`, in UTF-8 where it says so (RFC 8259 §8.1); other parameters mean nothing (§11).
    static func isJSON(mediaType: String) -> Bool {
        let parts = mediaType.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed.lowercased() }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().filter { $0.hasPrefix("charset") }
            .allSatisfy { ["charset=utf-8", "charset=\"utf-8\""].contains($0) }
    }
}

extension Substring {
    /// Without the white space that HTTP allows around a parameter (RFC 9110 §5.6.3).
    fileprivate var trimmed: Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var rest = drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest
    }
}
