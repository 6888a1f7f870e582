/// What can be told of an Ed25519 public key by its bytes.
enum Ed25519PublicKey {
    /// Whether the key is a point of small order, for which anybody can make signatures.
    ///
    /// There are seven such values of y, in whichever spelling, each with both signs of x (https://cr.yp.to/ecdh.html#validate
    /// has the reason and the same list for Curve25519). An all-zero key is one of them.
    static func isSmallOrder(_ key: some Collection<UInt8>) -> Bool {
        var bytes = Array(key)
        guard bytes.count == 32 else { return false }
        bytes[31] &= 0x7F
        return smallOrder.contains(bytes)
    }

    private static let smallOrder: Set<[UInt8]> = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        nearModulus(0xEC), nearModulus(0xED), nearModulus(0xEE),
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]

    /// The numbers around 2^255 - 19, the lowest byte first.
    private static func nearModulus(_ lowest: UInt8) -> [UInt8] {
        [lowest] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]
    }
}
