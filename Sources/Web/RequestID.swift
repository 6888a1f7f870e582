/// The name of one request, new and unguessable: `req_` and 24 letters or digits, some 143 bits.
struct RequestID: Sendable, Hashable {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    let text: String

    init() {
        var generator = SystemRandomNumberGenerator()
        // Each number is a system call, and has room for eight letters: they prefer none by more than one in 80,000.
        let letters = (0..<3).flatMap { _ in
            var number = generator.next()
            return (0..<8).map { _ in
                let (rest, letter) = number.quotientAndRemainder(dividingBy: UInt64(Self.alphabet.count))
                number = rest
                return Self.alphabet[Int(letter)]
            }
        }
        text = "req_" + String(letters)
    }
}
