/// A small generator of random numbers that gives the same ones everywhere and for ever.
///
/// Steele, Lea, Flood: Fast splittable pseudorandom number generators, https://doi.org/10.1145/2660193.2660195
struct SplitMix64 {
    private var state: UInt64

    /// Begins at a place that depends on every byte of the name, by FNV-1a.
    init(name: String) {
        state = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to but not including 1.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func number(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }

    mutating func integer(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.count))
    }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Nil where there is nothing to choose from.
    mutating func element<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[integer(0...elements.count - 1)]
    }

    /// A number from one of some ranges, each with its weight.
    mutating func number(from ranges: [(weight: Double, low: Double, high: Double)]) -> Double {
        var rest = unit() * ranges.reduce(0) { $0 + $1.weight }
        for range in ranges {
            rest -= range.weight
            if rest < 0 {
                return number(range.low, range.high)
            }
        }
        return ranges.last.map { number($0.low, $0.high) } ?? 0
    }
}
