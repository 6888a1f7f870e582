import Logging
import ServiceLifecycle
import Testing

@testable import Sandbox

@Suite(.timeLimit(.minutes(10))) struct LifecycleTests {
    private var logger: Logger {
        var logger = Logger(label: "lifecycle")
        logger.logLevel = .critical
        return logger
    }

    @Test func endsOnGracefulShutdown() async throws {
        let sandbox = try Sandbox(SandboxConfiguration { startOfTests }, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: sandbox, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger
            )
        )
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            #expect(try await sandbox.baseURL() == "http://127.0.0.1:\(try await sandbox.port())")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func aPortInUseIsAnErrorForAllWhoWait() async throws {
        try await withSandbox { _, api in
            var configuration = SandboxConfiguration { startOfTests }
            configuration.port = api.port
            let second = try Sandbox(configuration, logger: logger)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    await #expect(throws: SandboxError.notRunning) { try await second.port() }
                }
                await #expect(throws: (any Error).self) { try await second.run() }
                try await group.waitForAll()
            }
        }
    }

    @Test func endpointsAreCheckedAtTheStart() {
        var configuration = SandboxConfiguration { startOfTests }
        configuration.endpoints = [WebhookEndpoint(url: "http://127.0.0.1/", secrets: [""])]
        #expect(throws: SandboxError.missingSecret) { try Sandbox(configuration, logger: logger) }
    }

    @Test func equalSeedsGiveEqualIDs() throws {
        var configuration = SandboxConfiguration { startOfTests }
        func ids() throws -> [JSONValue?] {
            let sandbox = try Sandbox(configuration, logger: logger)
            return try (0..<5).map { _ in try sandbox.createCustomer()["id"] }
        }
        configuration.seed = 1
        #expect(try ids() == ids())
        configuration.seed = nil
        #expect(try ids() != ids())
    }
}
