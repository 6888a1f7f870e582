import ArgumentParser
import Foundation
import Logging
import MirrorStore
import Portal
import Sandbox
import Web

/// `portald demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show everything on this machine: a fake Stripe, the daemon, and a page with a billing button.",
        discussion: "It needs no settings and no account, and leaves nothing behind. Example: portald demo"
    )

    @Option(help: "The address of the daemon and the page.")
    var listen = "127.0.0.1:8080"

    func validate() throws {
        guard let address = ListenAddress(listen), address.port > 0 else {
            throw ValidationError("--listen takes host:port, such as 127.0.0.1:8080")
        }
    }

    func run() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "portald-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let logger = Logger.portald(level: .info)
        var configuration = SandboxConfiguration { Int(Date.now.timeIntervalSince1970) }
        configuration.secretKey = "sk_test_" + Self.random()
        do {
            // The end of the demo cancels the sandbox, which its server would call an error.
            var silent = logger
            silent.logLevel = .critical
            let sandbox = try Sandbox(configuration, logger: silent)
            try await withThrowingTaskGroup { group in
                group.addTask { try await sandbox.run() }
                try await serve(sandbox, database: folder.appending(path: "portald.db").path, logger: logger)
                group.cancelAll()
            }
        } catch {
            try FileManager.default.removeItem(at: folder)
            throw CommandFailure("the demo cannot go on: \(error)")
        }
        try FileManager.default.removeItem(at: folder)
    }

    private func serve(_ sandbox: Sandbox, database: String, logger: Logger) async throws {
        let tokenSecret = Self.random()
        let webhookSecret = "whsec_" + Self.random()
        let settings = try Settings(
            try await SettingsSource(
                environment: [
                    "STRIPE_SECRET_KEY": sandbox.configuration.secretKey,
                    "STRIPE_WEBHOOK_SECRET": webhookSecret,
                    "STRIPE_API_BASE": try await sandbox.baseURL(),
                    "FRONTEND_URL": "http://\(listen)",
                    "PORTALD_RETURN_PATH": "/demo",
                    "PORTALD_LISTEN": listen,
                    "PORTALD_ADMIN_LISTEN": "127.0.0.1:0",
                    "PORTALD_DATABASE": database,
                    "PORTALD_JWT_SECRET": tokenSecret,
                ],
                configFile: nil
            )
        )
        try await Self.makeMirror(at: database)
        let signer = await TokenSigner(secret: tokenSecret)
        var daemon = Daemon(settings: settings, logger: logger)
        let account = DemoAccount(sandbox: sandbox)
        daemon.further = DemoEndpoints(signer: signer, account: account, page: "http://\(listen)/demo").all
        daemon.onListening = { address in
            do {
                try sandbox.addEndpoint(
                    WebhookEndpoint(url: "http://\(address)/webhooks/stripe", secrets: [webhookSecret])
                )
                try account.create()
                await sandbox.deliveriesSettled()
                let instructions = Self.instructions(
                    address,
                    stripe: try await sandbox.baseURL(),
                    sandbox,
                    database: database
                )
                // Unlike print, this does not hold the text back where the output is no terminal.
                FileHandle.standardOutput.write(Data(instructions.utf8))
            } catch {
                logger.error("the demo's customers could not be made", metadata: ["cause": "\(error)"])
            }
        }
        try await daemon.run()
    }

    /// Makes the mirror of a new account: empty, and complete.
    private static func makeMirror(at path: String) async throws {
        let (store, _) = try MirrorStore.open(path: path)
        let log = SyncLog(store: store)
        let now = Date.now.timeIntervalSince1970
        try await log.finish(try await log.beginPass(.backfill, at: now, date: Int64(now)), at: now)
        try store.close()
    }

    /// 43 characters that nobody guesses.
    private static func random() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<43).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)] })
    }

    private static func instructions(
        _ address: ListenAddress,
        stripe: String,
        _ sandbox: Sandbox,
        database: String
    ) -> String {
        """

        Open  http://\(address)/demo  and click "Manage billing".
        Cancel in the portal, go back, and the page shows it: the webhook has moved the mirror.

        Or from a second terminal:

          # what the mirror has for Alice
          TOKEN=$(curl -s http://\(address)/demo/token/alice | cut -d'"' -f4)
          curl -s -H "Authorization: Bearer $TOKEN" http://\(address)/api/subscriptions/user/

          # a portal session, and why Carol gets none
          curl -s -X POST -H "Authorization: Bearer $TOKEN" http://\(address)/api/subscriptions/user/billing-portal/
          CAROL=$(curl -s http://\(address)/demo/token/carol | cut -d'"' -f4)
          curl -s -X POST -H "Authorization: Bearer $CAROL" http://\(address)/api/subscriptions/user/billing-portal/

          # the mirror is a SQLite file
          sqlite3 -readonly \(database) 'SELECT id, status, confirmed FROM subscriptions'

          # a new customer in the fake Stripe, mirrored before the next prompt
          curl -s -u \(sandbox.configuration.secretKey): \(stripe)/v1/customers -d email=dora@example.com

        Ctrl-C ends it all and removes the database.

        """
    }
}
