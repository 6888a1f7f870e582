import Testing

@testable import Sync

/// The windows of a sweep lie side by side, whatever their events: nothing is left out, nothing is asked for without end.
@Suite struct SweepWindowTests {
    static let maximum = 2000

    /// Walks as a sweep does: a window with too many events is narrowed, one that fits is taken.
    ///
    /// - Returns: The windows taken.
    func walk(
        from: Int64,
        present: Int64,
        events: (Int64, Int64?) -> Int
    ) throws -> (taken: [SweepWindow], narrowings: Int) {
        var window = SweepWindow(from: from)
        var taken: [SweepWindow] = []
        var narrowings = 0
        while true {
            while events(window.from, window.end) > Self.maximum, window.isDivisible {
                window.narrow(at: present)
                narrowings += 1
                try #require(narrowings < 1_000_000)
            }
            taken.append(window)
            guard window.advance(at: present) else { return (taken, narrowings) }
            try #require(taken.count < 1_000_000)
        }
    }

    /// All up to the present, and perhaps what is later.
    func expectCover(_ windows: [SweepWindow], from: Int64, to present: Int64) {
        #expect(windows.first?.from == from)
        for (window, next) in zip(windows, windows.dropFirst()) {
            #expect(window.end == next.from)
            #expect(window.end.map { $0 > window.from } == true)
        }
        #expect(windows.last.map { $0.end.map { $0 > present } ?? true } == true)
    }

    @Test func whatFitsIsOneOpenWindow() throws {
        let (taken, narrowings) = try walk(from: 100, present: 1000) { _, _ in 2000 }
        #expect(taken.map(\.from) == [100])
        #expect(taken.map(\.end) == [nil])
        #expect(narrowings == 0)
    }

    /// Densities as hostile as can be: single seconds of a million events among long silences, or the other way round.
    @Test(arguments: 0..<200 as Range<UInt64>) func everySecondIsCoveredOnce(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let from: Int64 = .random(in: 0...1000, using: &random)
        let length: Int64 = [1, 2, 7, 100, 3000].randomElement(using: &random) ?? 1
        let present = from + length
        // A few events may be newer than the present, which is the time of the first page.
        var density: [Int] = []
        for _ in 0...(length + 3) {
            density.append(Int.random(in: 0..<10, using: &random) == 0 ? [1, 1999, 2001, 1_000_000].randomElement(using: &random) ?? 0 : 0)
        }
        let events: (Int64, Int64?) -> Int = { begin, end in
            let end = min(end ?? .max, from + Int64(density.count))
            return begin < end ? (begin..<end).reduce(0) { $0 + density[Int($1 - from)] } : 0
        }
        let (taken, narrowings) = try walk(from: from, present: present, events: events)
        expectCover(taken, from: from, to: present)
        for window in taken where window.isDivisible {
            #expect(events(window.from, window.end) <= Self.maximum)
        }
        let swept = taken.reduce(0) { $0 + events($1.from, min($1.end ?? .max, present + 1)) }
        #expect(swept == density[...Int(present - from)].reduce(0, +))
        #expect(narrowings <= 8 * taken.count + 8)
    }

    /// Thirty days in which each second has its events.
    @Test(arguments: [1, 10, 100, 3000]) func anOutageOfAMonth(eventsASecond: Int) throws {
        let length: Int64 = 30 * 86_400
        let events: (Int64, Int64?) -> Int = { begin, end in
            Int(max(0, min(end ?? length, length) - begin)) * eventsASecond
        }
        // Of each second's window there are enough already after a day.
        let present = eventsASecond > 10 ? 86_400 : length
        let limited: (Int64, Int64?) -> Int = { begin, end in min(events(begin, end), Int(max(0, present - begin)) * eventsASecond) }
        let (taken, narrowings) = try walk(from: 0, present: present, events: limited)
        expectCover(taken, from: 0, to: present)
        #expect(narrowings < taken.count + 10)
    }

    /// Events that come in while it sweeps are more with each second, and never fit.
    @Test func itDoesNotGoAfterWhatIsNew() throws {
        var asked = 0
        let (taken, _) = try walk(from: 0, present: 100) { begin, end in
            asked += 1
            return Int(min(end ?? .max, 100 + Int64(asked)) - begin) * 1000
        }
        expectCover(taken, from: 0, to: 100)
        #expect(taken.last.map { $0.from <= 100 } == true)
    }

    @Test func aTimeInTheFutureEndsToo() throws {
        let (taken, _) = try walk(from: 1000, present: 500) { begin, _ in begin < 1003 ? 5000 : 0 }
        expectCover(taken, from: 1000, to: 500)
    }
}

/// https://prng.di.unimi.it/splitmix64.c
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
