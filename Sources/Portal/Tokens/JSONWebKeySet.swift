internal import Stripe

/// The keys that an issuer publishes for its tokens: a JWK set (RFC 7517 §5), read strictly.
///
/// Keys that are not for signatures, and those of kinds that no accepted algorithm uses, are passed over.
public struct JSONWebKeySet: Sendable {
    /// The longest set in bytes.
    public static let maximumLength = 256 << 10
    /// The most keys of a set.
    public static let maximumCount = 100

    /// A key that cannot be used.
    public struct Fault: Sendable, Hashable, CustomStringConvertible {
        /// Its place in the set, from 1.
        public let position: Int
        /// Its `kid`, where that can be shown.
        public let id: String?
        /// What is wrong with it.
        public let error: JSONWebKeyError

        /// Which key it is, what is wrong with it and what to do.
        public var description: String {
            "key \(position)\(id.map { " (kid \($0))" } ?? "") cannot be used: \(error)"
        }
    }

    /// The keys that can be used.
    public let keys: [TokenKey]
    /// The keys that were meant to be used, and cannot be.
    public let faults: [Fault]

    /// Reads a set.
    ///
    /// - Parameter bytes: JSON in UTF-8.
    /// - Throws: ``JSONWebKeySetError`` where it is no set at all; a fault of one key does not make it so.
    public init(parsing bytes: [UInt8]) throws(JSONWebKeySetError) {
        guard bytes.count <= Self.maximumLength else { throw .tooLong }
        let json: JSON
        do {
            json = try JSON(parsing: bytes)
        } catch {
            throw .notJSONObject
        }
        guard json.isObject, json.isUnambiguous else { throw .notJSONObject }
        guard let members = json["keys"]?.elements else { throw .noKeys }
        guard members.count <= Self.maximumCount else { throw .tooManyKeys }
        var keys: [TokenKey] = []
        var faults: [Fault] = []
        for (index, member) in members.enumerated() {
            do throws(JSONWebKeyError) {
                if let key = try JSONWebKey.tokenKey(member) { keys.append(key) }
            } catch {
                faults.append(Fault(position: index + 1, id: Self.shown(member["kid"]?.string), error: error))
            }
        }
        self.keys = keys
        self.faults = faults
    }

    /// Checks a set that an operator answers for: every key of it must be usable, or be passed over.
    ///
    /// - Throws: ``JSONWebKeySetError``.
    public func requireSound() throws(JSONWebKeySetError) {
        guard faults.isEmpty else { throw .unusableKeys(faults) }
        try requireKey()
    }

    /// - Throws: ``JSONWebKeySetError/noUsableKey`` where no token could ever pass.
    func requireKey() throws(JSONWebKeySetError) {
        guard !keys.isEmpty else { throw .noUsableKey }
    }

    /// A `kid` is anything its author likes.
    private static func shown(_ id: String?) -> String? {
        guard let id, 1...64 ~= id.utf8.count, id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return id
    }
}
