internal import JWTKit

/// Public keys and secrets, ready to verify signatures, each for the values of `alg` that its type decides.
struct TokenKeyring: Sendable {
    private struct Entry: Sendable {
        /// As bytes, because equal strings may be spelled differently.
        let id: [UInt8]?
        let algorithm: any JWTAlgorithm
    }

    /// By `alg`; several keys for one `alg` are tried in turn, as while keys are being rotated.
    private var entries: [String: [Entry]] = [:]
    private var ids: Set<[UInt8]> = []

    /// A keyring without keys verifies nothing.
    init(_ keys: [TokenKey] = []) async throws(TokenKeyError) {
        for key in keys {
            let id = key.id.map { Array($0.utf8) }
            if let id { ids.insert(id) }
            for name in key.algorithmNames {
                entries[name, default: []].append(Entry(id: id, algorithm: try await key.algorithm(name)))
            }
        }
    }

    func serves(_ algorithm: String) -> Bool { entries[algorithm] != nil }

    func contains(id: [UInt8]) -> Bool { ids.contains(id) }

    /// Whether one of the keys for the token's `alg` made its signature.
    ///
    /// Where both the token and a key have an id, the two must be the same (RFC 7515 §4.1.4).
    func verifies(_ jws: CompactJWS) -> Bool {
        (entries[jws.algorithm] ?? []).contains { entry in
            guard entry.id == nil || jws.keyID == nil || entry.id == jws.keyID else { return false }
            // A signature of the wrong form is an error to some algorithms and false to others; both mean no match.
            return (try? entry.algorithm.verify(jws.signature, signs: jws.signingInput)) ?? false
        }
    }
}

extension TokenKey {
    /// The values of `alg` that the key serves (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
    var algorithmNames: [String] {
        let names =
            switch material {
            case .hmac: ["HS256"]
            case .rsa: ["RS256", "PS256"]
            case .p256: ["ES256"]
            case .p384: ["ES384"]
            case .ed25519: ["EdDSA", "Ed25519"]
            }
        guard let boundAlgorithm else { return names }
        return names.filter { $0 == boundAlgorithm }
    }

    fileprivate func algorithm(_ name: String) async throws(TokenKeyError) -> any JWTAlgorithm {
        // A collection is jwt-kit's only public way from a key to its algorithm; each is given one key, so that none can
        // stand in for another.
        let collection = JWTKeyCollection()
        switch material {
        case .hmac(let key): await collection.add(hmac: key, digestAlgorithm: .sha256)
        case .rsa(let key) where name == "PS256": await collection.add(pss: key, digestAlgorithm: .sha256)
        case .rsa(let key): await collection.add(rsa: key, digestAlgorithm: .sha256)
        case .p256(let key): await collection.add(ecdsa: key)
        case .p384(let key): await collection.add(ecdsa: key)
        case .ed25519(let key): await collection.add(eddsa: key)
        }
        do {
            return try await collection.getKey()
        } catch {
            throw .damagedKey
        }
    }
}
