/// The span of `created` that a sweep asks for, from the oldest on.
///
/// All that is new fits into one open span as a rule. After an outage there may be millions of events, which Stripe lists
/// newest first: then the spans are made so short that one fits into memory, and the mark moves on with each.
struct SweepWindow: Hashable, Sendable {
    /// The earliest `created`, Unix seconds by Stripe's clock.
    private(set) var from: Int64
    /// The first `created` that is too late; nil for the present.
    private(set) var end: Int64?
    private var width: Int64?

    /// All from a time on.
    init(from: Int64) {
        self.from = from
    }

    /// Whether it can be made shorter.
    var isDivisible: Bool { width.map { $0 > 1 } ?? true }

    /// Makes the span shorter, because too much is in it.
    ///
    /// - Parameter present: Unix seconds by Stripe's clock.
    mutating func narrow(at present: Int64) {
        let width = max(1, ((end ?? max(present, from + 1)) - from) / 8)
        self.width = width
        end = from + width
    }

    /// Moves on to the span after this one, twice as long.
    ///
    /// What comes after the present is left to the next sweep: one that went after it while there is much would not end.
    ///
    /// - Parameter present: Unix seconds by Stripe's clock.
    /// - Returns: False where this one was the last.
    mutating func advance(at present: Int64) -> Bool {
        guard let end, let width, end <= present else { return false }
        from = end
        self.width = width * 2
        self.end = from + width * 2 < present ? from + width * 2 : nil
        return true
    }
}
