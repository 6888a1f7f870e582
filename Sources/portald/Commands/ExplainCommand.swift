import ArgumentParser
import Foundation
import MirrorStore
import Portal

/// The command `portald explain`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why the portal opens for a user or does not, and what that rests on.",
        discussion: """
            The decision is made as the endpoint makes it. Nothing personal is printed beside the user's id.

            Example: portald explain 4711
            Example: portald explain 4711 --at 2h --json
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Argument(help: "The user's id, as the tokens and the metadata spell it.")
    var user: String

    @Option(help: "As of this time: \(TimeArgument.help).")
    var at: TimeArgument?

    @Option(help: "How many changes of each row to tell of.")
    var history = 5

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard history > 0 else { throw ValidationError("--history takes a number above 0") }
        let now = Date.now.timeIntervalSince1970
        if let at, at.seconds(now: now) > now {
            throw ValidationError("--at lies ahead")
        }
    }

    func run() async throws {
        let source = try await options.settings.source()
        let statuses = try SettingsOptions.orRefuse { () throws(SettingsError) in
            try Settings.portalStatuses(in: source)
        }
        let id: UserID
        do throws(UserID.Fault) {
            id = try UserID(user)
        } catch {
            let reason =
                switch error {
                case .blank: "it is blank"
                case .tooLong: "it is longer than \(UserID.maximumLength) bytes"
                case .controlCharacter: "it holds a control character"
                }
            throw CommandFailure("no user can have this id: \(reason)")
        }
        let reader = MirrorReader(store: try await options.openReadOnly())
        let record: UserRecord
        do {
            let time = at?.seconds(now: Date.now.timeIntervalSince1970)
            record = try await reader.record(of: id, at: time, limit: history)
        } catch {
            throw CommandFailure(error)
        }
        let explanation = Explanation(record, of: id, allowedStatuses: statuses)
        print(json ? try JSONText.of(explanation) : ExplanationText(explanation).text)
    }
}
