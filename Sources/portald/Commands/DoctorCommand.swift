import ArgumentParser
import Foundation
import Stripe
import StripeClient

/// The command `portald doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at everything that the daemon depends on, and say what to do about it.",
        discussion: """
            It looks at settings, files, the clock, the key's permissions, the portal's configuration and the webhook \
            endpoint at Stripe, which is the one of PORTALD_WEBHOOK_URL, or else one whose path is /webhooks/stripe. With \
            --fix it makes that endpoint, or enables it and adds the event types that it lacks. A new endpoint's signing \
            secret is printed once, to standard output: it belongs into STRIPE_WEBHOOK_SECRET.

            Exit codes: 0 all is well, 1 something does not work, 4 warnings only, 78 wrong settings.

            Example: portald doctor --config /etc/portald/portald.env
            """
    )

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Create the webhook endpoint, or bring it in order.")
    var fix = false

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Answer: Encodable {
        var findings: [Finding]
        var level: Finding.Level
        /// What `--fix` did.
        var fixed: String?
        /// The new endpoint's secret.
        var webhookSecret: String?

        enum CodingKeys: String, CodingKey {
            case findings, level, fixed
            case webhookSecret = "webhook_secret"
        }
    }

    func run() async throws {
        let source = try await options.source()
        let settings: Settings
        do {
            settings = try Settings(source)
        } catch {
            // In the form of all other findings, and with the exit code of all other commands.
            try tell(
                Answer(
                    findings: error.faults.map {
                        .failure("settings", $0, remedy: "correct the setting; see the README")
                    },
                    level: .failure
                )
            )
            throw ExitCode.configuration
        }
        let transport = try CurlTransport()
        defer { transport.shutdown() }
        let client = StripeClient(settings, transport: transport)
        let doctor = Doctor(
            settings: settings,
            configFile: options.config,
            credentials: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"],
            configHoldsSecrets: try options.config.map(Self.holdsSecrets) ?? false,
            litestreamEnvironment: source.litestreamEnvironment,
            client: client
        )
        var answer = Answer(findings: [], level: .ok)
        if fix { try await repair(doctor, client, &answer) }
        let unknown = UnknownSettings.names(among: source.names).map {
            Finding.warning("settings", "\($0) is unknown and has no effect", remedy: "correct its name, or remove it")
        }
        answer.findings = unknown.isEmpty ? [.ok("settings", "all settings are usable")] : unknown
        answer.findings += await doctor.findings()
        answer.level = answer.findings.map(\.level).max() ?? .ok
        try tell(answer)
        switch answer.level {
        case .ok: break
        case .warning: throw ExitCode.warnings
        case .failure: throw ExitCode.failure
        }
    }

    private static func holdsSecrets(_ path: String) throws -> Bool {
        let names = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "PORTALD_JWT_SECRET", "_CLIENT_SECRET"]
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
        return lines.contains { line in
            !line.hasPrefix("#") && names.contains { line.prefix { $0 != "=" }.contains($0) }
        }
    }

    private func repair(_ doctor: Doctor, _ client: StripeClient, _ answer: inout Answer) async throws {
        do {
            switch doctor.endpoint.repair(try await client.listWebhookEndpoints(lane: .refresh)) {
            case nil:
                break
            case .update(let id, let types):
                _ = try await client.updateWebhookEndpoint(id, types: types)
                answer.fixed = "\(id) is enabled and sends every event type that is needed"
            case .create(let url):
                let created = try await client.createWebhookEndpoint(
                    url: url,
                    types: doctor.endpoint.expected.types,
                    version: doctor.endpoint.expected.apiVersion
                )
                answer.fixed = "\(created.endpoint.id) is new and sends to \(url)"
                answer.webhookSecret = created.secret.exposed
            }
        } catch {
            throw CommandFailure(
                error.status == 403
                    ? "the restricted key lacks the permission 'Webhook Endpoints: Write', which --fix needs"
                    : "\(error)"
            )
        }
    }

    private func tell(_ answer: Answer) throws {
        if json {
            print(try JSONText.of(answer))
            return
        }
        if let fixed = answer.fixed { print("fixed    \(fixed)") }
        if let secret = answer.webhookSecret {
            print(
                "         its secret is shown this once; put it into STRIPE_WEBHOOK_SECRET, then systemctl reload portald:"
            )
            print("         \(secret)")
        }
        for finding in answer.findings {
            let level = finding.level.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
            print("\(level)\(finding.check): \(finding.message)")
            if let remedy = finding.remedy { print("         → \(remedy)") }
        }
    }
}
