import ArgumentParser
import Foundation
import Logging
import Sandbox
import ServiceLifecycle
import UnixSignals
import Web

/// The command `portald sandbox`.
struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run a fake Stripe on this machine, to develop and test against.",
        discussion: """
            It keeps customers, subscriptions and portal sessions in memory and delivers signed webhooks. Faults are \
            asked for under /_sandbox/. Example: portald sandbox --forward-to http://127.0.0.1:8080/webhooks/stripe
            """
    )

    @Option(help: "The address to listen on.")
    var listen = "127.0.0.1:12111"

    @Option(help: "The API key to accept.")
    var secretKey = "sk_test_sandbox"

    @Option(help: "A URL to deliver webhooks to.")
    var forwardTo: String?

    @Option(help: "The secret to sign webhooks with.")
    var webhookSecret = "whsec_sandbox"

    @Option(help: "The API version of webhooks, such as 2019-12-03. (default: the account's)")
    var endpointAPIVersion: String?

    @Option(help: "API calls per second, beyond which the answer is 429.")
    var rateLimit: Int?

    @Option(help: "A number that makes ids and faults repeatable.")
    var seed: UInt64?

    private var address: ListenAddress? { ListenAddress(listen) }

    func validate() throws {
        guard address != nil else { throw ValidationError("--listen takes host:port, such as 127.0.0.1:12111") }
        guard rateLimit.map({ $0 > 0 }) ?? true else { throw ValidationError("--rate-limit takes a number from 1") }
    }

    func run() async throws {
        guard let address else { return }
        let logger = Logger.portald(level: .info)
        var configuration = SandboxConfiguration { Int(Date.now.timeIntervalSince1970) }
        configuration.host = address.host
        configuration.port = address.port
        configuration.secretKey = secretKey
        configuration.rateLimit = rateLimit
        configuration.seed = seed
        configuration.endpoints =
            forwardTo.map { [WebhookEndpoint(url: $0, secrets: [webhookSecret], apiVersion: endpointAPIVersion)] } ?? []
        do {
            let sandbox = try Sandbox(configuration, logger: logger.quiet)
            try await ServiceGroup(
                services: [sandbox, Announcement(sandbox: sandbox, logger: logger)],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger.quiet
            ).run()
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// Says where the sandbox listens.
    private struct Announcement: Service {
        let sandbox: Sandbox
        let logger: Logger

        func run() async throws {
            let url = try await sandbox.baseURL()
            logger.notice("listening", metadata: ["address": "\(url.dropFirst("http://".count))"])
            try await gracefulShutdown()
        }
    }
}
