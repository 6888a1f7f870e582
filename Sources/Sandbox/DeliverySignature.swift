import CCrypto

/// The `Stripe-Signature` header of a delivery: <https://docs.stripe.com/webhooks#verify-manually>.
enum DeliverySignature {
    /// One `v1` per secret, and the fake `v0` that Stripe adds to test deliveries.
    static func header(payload: [UInt8], secrets: [String], timestamp: Int) -> String {
        let signed = Array("\(timestamp).".utf8) + payload
        let signatures = secrets.map { "v1=\(digest(of: signed, key: $0))" }
        return (["t=\(timestamp)"] + signatures + ["v0=\(digest(of: signed, key: "v0"))"]).joined(separator: ",")
    }

    private static func digest(of message: [UInt8], key: String) -> String {
        let key = Array(key.utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &length)
        return digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}
