private import CCrypto

/// SHA-256 and what is built on it, from OpenSSL's libcrypto.
public enum Digest {
    static let byteCount = 32

    /// SHA-256 (FIPS 180-4) of the bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        _ = SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// HMAC-SHA256 (RFC 2104) of the message.
    static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        var length = UInt32(byteCount)
        // A null result means that libcrypto is out of memory; the zero digest it leaves matches no signature.
        _ = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &length)
        return digest
    }

    /// Compares without a data-dependent branch, so that the time taken tells nothing of where the bytes differ.
    static func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
