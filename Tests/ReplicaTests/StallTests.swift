import Testing

@testable import Replica

@Suite struct StallTests {
    private static func looks(_ looks: [(String?, String?)]) -> [Bool] {
        var stall = Stall()
        return looks.map { stall.look(at: $0.0, against: $0.1) }
    }

    @Test func aCopyThatStandsThoughItWasBehindIsStalled() {
        #expect(Self.looks([("0001", "0003"), ("0001", "0004")]) == [false, true])
    }

    @Test func nothingToDoIsNoStall() {
        #expect(Self.looks([("0003", "0003"), ("0003", "0003"), ("0003", "0004"), ("0004", "0005")]) == [false, false, false, false])
    }

    @Test func whatCannotBeToldIsNoStall() {
        #expect(Self.looks([("0001", "0003"), ("0001", nil), ("0001", "0003"), (nil, "0009"), ("0001", "0009")]).allSatisfy { !$0 })
    }
}
