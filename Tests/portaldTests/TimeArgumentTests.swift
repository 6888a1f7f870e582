import Testing

@testable import portald

@Suite struct TimeArgumentTests {
    private static let now = 1_790_000_000.0

    @Test(arguments: [
        ("2026-09-21T14:13:20Z", now), ("2026-09-21T14:13:20.500Z", now + 0.5), ("2026-09-21T16:13:20+02:00", now),
        ("1790000000", now), ("1790000000.25", now + 0.25), ("0", 0), ("90s", now - 90), ("15m", now - 900), ("2h", now - 7200),
        ("3d", now - 259_200), ("0s", now),
    ])
    func reads(_ text: String, seconds: Double) throws {
        #expect(try #require(TimeArgument(argument: text)).seconds(now: Self.now) == seconds)
    }

    @Test(arguments: [
        "", "now", "2h ago", "h", "-2h", "2.5h", "2w", "2026-09-21", "2026-09-21T14:13:20", "-1", "1e9", "nan", "inf", "0x10",
        "179000000000", "yesterday", "2H",
    ])
    func refuses(_ text: String) {
        #expect(TimeArgument(argument: text) == nil)
    }
}
