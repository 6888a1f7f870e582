import NIOConcurrencyHelpers
import Testing

@testable import Portal

@Suite(.timeLimit(.minutes(10))) struct SharedCallsTests {
    /// Calls that end when a test says so, and tell it what happens to them.
    private final class Calls: Sendable {
        enum Happening: Hashable {
            case begun(String)
            case cancelled(String)
        }

        private let gates = NIOLockedValueBox<[AsyncStream<Never>.Continuation]>([])
        private let results = NIOLockedValueBox(0)
        private let (stream, continuation) = AsyncStream.makeStream(of: Happening.self)

        /// Makes a call; its value is its number.
        func make(_ key: String) async -> Int {
            let (gate, open) = AsyncStream.makeStream(of: Never.self)
            gates.withLockedValue { $0.append(open) }
            continuation.yield(.begun(key))
            for await _ in gate {}
            if Task.isCancelled { continuation.yield(.cancelled(key)) }
            return results.withLockedValue { results in
                results += 1
                return results
            }
        }

        func endAll() {
            for gate in gates.withLockedValue({ $0 }) { gate.finish() }
        }

        func next() async -> Happening? {
            var iterator = stream.makeAsyncIterator()
            return await iterator.next()
        }
    }

    /// Waits until so many wait for a key.
    private func waiters(_ count: Int, of shared: SharedCalls<String, Int>, _ key: String) async {
        while shared.interested(in: key) != count { await Task.yield() }
    }

    @Test func allWhoAskAtOnceGetOneCallsValue() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<50 { group.addTask { await shared.value(for: "a") { await calls.make("a") } } }
            await waiters(50, of: shared, "a")
            #expect(await calls.next() == .begun("a"))
            calls.endAll()
            for await value in group { #expect(value == 1) }
        }
    }

    @Test func othersHaveTheirOwn() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        async let first = shared.value(for: "a") { await calls.make("a") }
        async let second = shared.value(for: "b") { await calls.make("b") }
        let begun = [await calls.next(), await calls.next()]
        #expect(Set(begun) == [.begun("a"), .begun("b")])
        calls.endAll()
        let values = [await first, await second]
        #expect(Set(values) == [1, 2])
    }

    @Test func nothingIsKept() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        for number in 1...3 {
            async let value = shared.value(for: "a") { await calls.make("a") }
            #expect(await calls.next() == .begun("a"))
            calls.endAll()
            #expect(await value == number)
            #expect(shared.interested(in: "a") == 0)
        }
    }

    @Test func whoGoesAwayCancelsNobodyElse() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        await withTaskGroup(of: Int?.self) { impatient in
            impatient.addTask { await shared.value(for: "a") { await calls.make("a") } }
            #expect(await calls.next() == .begun("a"))
            async let patient = shared.value(for: "a") { await calls.make("a") }
            await waiters(2, of: shared, "a")
            impatient.cancelAll()
            await waiters(1, of: shared, "a")
            calls.endAll()
            #expect(await impatient.next() == .some(nil))
            #expect(await patient == 1)
        }
    }

    @Test func theLastOneToGoCancelsTheCall() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        await withTaskGroup(of: Int?.self) { group in
            group.addTask { await shared.value(for: "a") { await calls.make("a") } }
            #expect(await calls.next() == .begun("a"))
            group.addTask { await shared.value(for: "a") { await calls.make("a") } }
            await waiters(2, of: shared, "a")
            group.cancelAll()
            for await value in group { #expect(value == nil) }
            #expect(await calls.next() == .cancelled("a"))
        }
        // The next one begins anew.
        async let value = shared.value(for: "a") { await calls.make("a") }
        #expect(await calls.next() == .begun("a"))
        calls.endAll()
        #expect(await value != nil)
    }

    @Test func whoIsGoneAlreadyAsksForNothing() async {
        let shared = SharedCalls<String, Int>()
        let calls = Calls()
        await withTaskGroup(of: Int?.self) { group in
            group.cancelAll()
            group.addTask { await shared.value(for: "a") { await calls.make("a") } }
            #expect(await group.next() == .some(nil))
        }
        #expect(shared.interested(in: "a") == 0)
    }
}
