/// Stripe's signature of a delivery, in its `Stripe-Signature` header: `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`.
///
/// The signed bytes are the timestamp, a full stop and the body as it came; the key is the whole secret, `whsec_`
/// included. Every attempt to deliver is signed anew, so a retry never fails for its age.
/// https://docs.stripe.com/webhooks#verify-manually
public enum WebhookSignature {
    /// Verifies that the body was signed with one of the secrets, at about this time.
    ///
    /// Unknown schemes, bare or empty elements and white space around elements are passed over. Only `v1` counts, so
    /// that nobody can fall back to a weaker scheme.
    ///
    /// - Parameters:
    ///   - header: The header's value, nil where there is none.
    ///   - body: The raw bytes of the body.
    ///   - secrets: The endpoint's secrets; more than one while a secret is being rolled.
    ///   - now: Unix seconds.
    ///   - tolerance: Seconds by which the timestamp may lie before or after `now`; nil for any.
    /// - Returns: Every secret that the body was signed with, at least one: Stripe signs with each that is active.
    /// - Throws: ``WebhookSignatureError``, which names the cause.
    @discardableResult
    public static func verify(
        header: String?,
        body: [UInt8],
        secrets: [WebhookSecret],
        now: Int64,
        tolerance: Int64?
    ) throws(WebhookSignatureError) -> [WebhookSecret] {
        guard let header, !header.isEmpty else { throw .headerMissing }
        let elements = Elements(header)
        let timestamp = try elements.timestamp()
        guard !elements.signatures.isEmpty else { throw .noSignature }
        let message = signedMessage(timestamp: elements.timestamps[0], body: body)
        let matching = secrets.filter { secret in elements.matches(Digest.hmacSHA256(message, key: secret.key)) }
        guard !matching.isEmpty else { throw .noMatch }
        if let tolerance {
            let (age, overflow) = now.subtractingReportingOverflow(timestamp)
            guard !overflow, age.magnitude <= tolerance.magnitude else { throw .outsideTolerance(age: age) }
        }
        return matching
    }

    /// The header that signs a body, as Stripe would send it.
    ///
    /// - Parameters:
    ///   - body: The raw bytes to sign.
    ///   - secrets: The endpoint's secrets; Stripe signs with each while one is being rolled.
    ///   - timestamp: Unix seconds.
    /// - Returns: The header's value.
    public static func header(signing body: [UInt8], with secrets: [WebhookSecret], at timestamp: Int64) -> String {
        let message = signedMessage(timestamp: Array(String(timestamp).utf8), body: body)
        let signatures = secrets.map { "v1=" + Hexadecimal.encode(Digest.hmacSHA256(message, key: $0.key)) }
        return (["t=\(timestamp)"] + signatures).joined(separator: ",")
    }

    /// The timestamp as it was spelled: that is what Stripe signed.
    private static func signedMessage(timestamp: [UInt8], body: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(timestamp.count + 1 + body.count)
        message += timestamp
        message.append(UInt8(ascii: "."))
        message += body
        return message
    }

    /// The header's elements that count.
    private struct Elements {
        /// The spellings of all `t`.
        var timestamps: [[UInt8]] = []
        /// All `v1`, decoded; one that is not base 16 cannot match and is an empty array.
        var signatures: [[UInt8]] = []

        init(_ header: String) {
            for element in header.utf8.split(separator: UInt8(ascii: ",")) {
                let element = element.trimming { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                guard let separator = element.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let value = element[element.index(after: separator)...]
                switch String(element[..<separator]) {
                case "t": timestamps.append(Array(value))
                case "v1": signatures.append(Hexadecimal.decode(value) ?? [])
                default: break
                }
            }
        }

        func timestamp() throws(WebhookSignatureError) -> Int64 {
            guard let spelling = timestamps.first else { throw .noTimestamp }
            guard timestamps.count == 1 else { throw .ambiguousTimestamp }
            guard !spelling.isEmpty, spelling.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let timestamp = Int64(String(decoding: spelling, as: UTF8.self))
            else {
                throw .invalidTimestamp
            }
            return timestamp
        }

        /// Compares with every signature, so that the time taken does not tell which one matched.
        func matches(_ digest: [UInt8]) -> Bool {
            signatures.reduce(false) { found, signature in Digest.constantTimeEquals(signature, digest) || found }
        }
    }
}

extension Substring.UTF8View {
    fileprivate func trimming(_ isTrimmed: (UInt8) -> Bool) -> Substring.UTF8View {
        var rest = self
        while let first = rest.first, isTrimmed(first) {
            rest = rest.dropFirst()
        }
        while let last = rest.last, isTrimmed(last) {
            rest = rest.dropLast()
        }
        return rest
    }
}
