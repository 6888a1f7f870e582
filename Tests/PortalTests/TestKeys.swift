import JWTKit
import Portal

/// Key pairs made anew for each run; no private key is kept in the repository.
enum TestKeys {
    static let rsaPEM = try! OpenSSL.privateKey("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    static let rsa = try! Insecure.RSA.PrivateKey(pem: rsaPEM)
    static let p256 = ES256PrivateKey()
    static let p384 = ES384PrivateKey()
    static let ed25519 = try! EdDSA.PrivateKey()

    /// The public keys of all pairs in one PEM text.
    static var publicPEM: String {
        [
            rsa.publicKey.pemRepresentation, p256.publicKey.pemRepresentation, p384.publicKey.pemRepresentation,
            ed25519.publicKey.pemRepresentation,
        ].map { $0 + "\n" }.joined()
    }

    /// The secret and all public keys.
    static func all() throws -> [TokenKey] {
        try [TokenKey(secret: TestSigner.secret)] + TokenKey.publicKeys(pem: publicPEM)
    }
}

/// The `openssl` command, for keys that jwt-kit does not make.
enum OpenSSL {
    static func privateKey(_ arguments: String...) throws -> String {
        try run(["genpkey"] + arguments)
    }

    static func publicKey(of privateKey: String) throws -> String {
        try run(["pkey", "-pubout"], input: privateKey)
    }

    static func run(_ arguments: [String], input: String = "") throws -> String {
        try Command.run(["openssl"] + arguments, input: input)
    }
}
