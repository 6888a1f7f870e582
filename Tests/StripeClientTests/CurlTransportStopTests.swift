import StripeClient
import TestSupport
import Testing

/// Cancellation and shutdown, in every order.
@Suite(.timeLimit(.minutes(10))) struct CurlTransportStopTests {
    func request(_ server: RawServer) throws -> CurlTransport.Request {
        .init(.get, try EndpointURL(server.url), timeout: CurlTransportTests.plenty)
    }

    @Test func cancellingTheTaskEndsTheTransfer() async throws {
        try await RawServer.run({ $0.index == 0 ? .silence : .send(RawServer.reply(200)) }) { server in
            let transport = try CurlTransport()
            let request = try request(server)
            let call = Task { try await transport.send(request) }
            var requests = server.requests.makeAsyncIterator()
            _ = await requests.next()
            call.cancel()
            let error = try await #require(throws: TransportError.self) { _ = try await call.value }
            #expect(error.reason == .cancelled)
            #expect(error.requestMayHaveArrived)
            #expect(try await transport.send(request).status == 200)
        }
    }

    @Test func aCancelledTaskSendsNothing() async throws {
        try await RawServer.run({ _ in .silence }) { server in
            let transport = try CurlTransport()
            let request = try request(server)
            let call = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await transport.send(request)
            }
            let error = try await #require(throws: TransportError.self) { _ = try await call.value }
            #expect(error.reason == .cancelled)
            #expect(!error.requestMayHaveArrived)
            #expect(server.connections == 0)
        }
    }

    @Test func cancellingAfterTheReplyIsNothing() async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(200)) }) { server in
            let transport = try CurlTransport()
            let request = try request(server)
            let call = Task { try await transport.send(request) }
            #expect(try await call.value.status == 200)
            call.cancel()
            #expect(try await transport.send(request).status == 200)
        }
    }

    @Test func shutdownFailsWhatIsInFlightAndWhatFollows() async throws {
        let barrier = Barrier(51)
        let script: RawServer.Script = { _ in
            await barrier.arrive()
            return .silence
        }
        try await RawServer.run(script) { server in
            let transport = try CurlTransport()
            let request = try request(server)
            let calls = (0..<50).map { _ in
                Task { await #expect(throws: TransportError.self) { _ = try await transport.send(request) } }
            }
            await barrier.arrive()
            await withTaskGroup { group in
                for _ in 0..<4 { group.addTask { transport.shutdown() } }
            }
            for call in calls {
                #expect(await call.value?.reason == .stopped)
            }
            #expect(try await failure(of: request, on: transport).reason == .stopped)
            transport.shutdown()
            #expect(server.received.count == 50)
        }
    }

    @Test func aTransportThatIsDroppedEndsItsThread() async throws {
        try await RawServer.run({ _ in .send(RawServer.reply(200)) }) { server in
            for _ in 0..<50 {
                let transport = try CurlTransport()
                let reply = try await transport.send(try request(server))
                #expect(reply.status == 200)
            }
        }
    }

    /// Every call ends once, whatever starts, is cancelled or stopped beside it.
    @Test(arguments: 0..<8)
    func startsCancelsAndShutdownAtOnce(round: Int) async throws {
        let script: RawServer.Script = {
            $0.index % 3 == 0 ? .silence : $0.index % 3 == 1 ? .reset : .send(RawServer.reply(200))
        }
        try await RawServer.run(script) { server in
            let transport = try CurlTransport()
            let request = try request(server)
            let calls = (0..<100).map { _ in
                Task { () -> Bool in
                    do {
                        return try await transport.send(request).status == 200
                    } catch {
                        return true
                    }
                }
            }
            let ends = await withTaskGroup(of: Bool.self) { group in
                for (index, call) in calls.enumerated() {
                    if index % 2 == round % 2 {
                        group.addTask {
                            call.cancel(); return true
                        }
                    }
                    if index == round * 10 {
                        group.addTask {
                            transport.shutdown(); return true
                        }
                    }
                    group.addTask { await call.value }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(ends.count == 151)
            #expect(ends.allSatisfy { $0 })
        }
    }
}
