import Testing

@testable import Portal

@Suite(.timeLimit(.minutes(5))) struct SharedCallsTests {
    @Test func othersMakeTheCallWhereTheFirstIsCancelled() async {
        let calls = SharedCalls<Int, String>()
        let (began, begin) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            await calls.value(for: 1) {
                begin.finish()
                try? await Task.sleep(for: .seconds(600))
                return nil
            }
        }
        for await _ in began {}
        #expect(await !calls.join(2))
        let second = Task { await calls.value(for: 1) { "second" } }
        first.cancel()
        #expect(await first.value == nil)
        #expect(await second.value == "second")
        #expect(await !calls.join(1))
    }

    @Test func otherKeysAreOtherCalls() async {
        let calls = SharedCalls<Int, Int>()
        let value = await calls.value(for: 1) { await calls.value(for: 2) { 2 } }
        #expect(value == 2)
    }
}
