public import StripeClient

/// Why there is no key set; the description tells what to do and holds nothing of a key.
public enum JSONWebKeySetError: Error, Sendable, Hashable {
    /// The file cannot be read.
    case file
    /// The request had no reply.
    case noReply(TransportError)
    /// The reply's status is not 200.
    case status(Int)
    /// The set is longer than ``JSONWebKeySet/maximumLength``.
    case tooLong
    /// The text is not one strict JSON object: among others, a name occurs twice.
    case notJSONObject
    /// The object has no array `keys`.
    case noKeys
    /// The set has more keys than ``JSONWebKeySet/maximumCount``.
    case tooManyKeys
    /// The set has no key that could verify a token.
    case noUsableKey
    /// Keys of the set are weak, damaged or private.
    case unusableKeys([JSONWebKeySet.Fault])
}

extension JSONWebKeySetError: CustomStringConvertible {
    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .file: "the file cannot be read"
        case .noReply(let error): "the issuer cannot be reached: \(error)"
        case .status(let status): "the issuer answered \(status) in place of a key set; redirects are not followed"
        case .tooLong: "the key set is longer than \(JSONWebKeySet.maximumLength) bytes"
        case .notJSONObject: "the key set is not one JSON object with unique names"
        case .noKeys: "the key set has no array 'keys'"
        case .tooManyKeys: "the key set has more than \(JSONWebKeySet.maximumCount) keys"
        case .noUsableKey:
            "the key set has no key for signatures of a supported kind: RSA, P-256, P-384 or Ed25519"
        case .unusableKeys(let faults): faults.map(\.description).joined(separator: "; ")
        }
    }
}
