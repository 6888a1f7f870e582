/// The name of one request, new and unguessable: `req_` and 24 letters or digits, some 143 bits.
struct RequestID: Sendable, Hashable {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let length = 24

    let text: String

    init() {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<Self.length).map { _ in
            Self.alphabet[Int.random(in: Self.alphabet.indices, using: &generator)]
        }
        text = "req_" + String(letters)
    }
}
