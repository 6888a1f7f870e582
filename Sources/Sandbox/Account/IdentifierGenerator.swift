/// A small repeatable generator (SplitMix64, Steele, Lea and Flood 2014), for sandboxes that must replay exactly.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Creates a generator; equal seeds give equal sequences.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Where the sandbox's randomness comes from.
enum RandomSource: RandomNumberGenerator, Sendable {
    case system
    case seeded(SeededGenerator)

    init(seed: UInt64?) {
        self = seed.map { .seeded(SeededGenerator(seed: $0)) } ?? .system
    }

    mutating func next() -> UInt64 {
        switch self {
        case .system:
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        case .seeded(var generator):
            let value = generator.next()
            self = .seeded(generator)
            return value
        }
    }
}

/// Makes ids that look like Stripe's: a prefix, then 14 base-62 characters, or 24 that begin with `1`.
struct IdentifierGenerator: Sendable {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    private var source: RandomSource

    init(seed: UInt64?) {
        source = RandomSource(seed: seed)
    }

    mutating func short(_ prefix: String) -> String {
        prefix + token(length: 14)
    }

    mutating func long(_ prefix: String) -> String {
        prefix + "1" + token(length: 23)
    }

    mutating func token(length: Int) -> String {
        let base = UInt64(Self.alphabet.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        var digits: UInt64 = 0
        for index in 0..<length {
            // One draw gives ten characters, as 62^10 is below 2^64: large seeds need millions of them.
            if index.isMultiple(of: 10) { digits = source.next() }
            bytes.append(Self.alphabet[Int(digits % base)])
            digits /= base
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A version 4 UUID (RFC 9562, section 5.4), as Stripe's own calls carry for idempotency.
    mutating func uuid() -> String {
        var digits = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &source), radix: 16) }
        digits[12] = "4"
        digits[16] = String(Int.random(in: 8..<12, using: &source), radix: 16)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }
}
