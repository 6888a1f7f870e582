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
            The decision is made as the endpoint makes it. Nothing personal is printed beside the user's id. An answer is \
            found by its id about a second after it was given, and for as long as payloads are kept, but only the newest 100 of \
            an endpoint to one user.

            Example: portald explain 4711
            Example: portald explain 4711 --at 2h --json
            Example: portald explain --request req_5Yd0qS2cXyUoGm3WvB8kTz1R
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Argument(help: "The user's id, as the tokens and the metadata spell it.", transform: UserArgument.userID)
    var user: UserID?

    @Option(help: "As of this time: \(TimeArgument.help).")
    var at: TimeArgument?

    @Option(help: "Explain the answer of this id, Portald-Request-Id, as of when it was given.")
    var request: String?

    @Option(help: "How many changes of each row to tell of, and how many answers.")
    var history = 5

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard (user == nil) != (request == nil) else {
            throw ValidationError("give a user, or --request with the id of an answer")
        }
        guard at == nil || request == nil else {
            throw ValidationError("--request tells the time already: leave --at out")
        }
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
        let store = try await options.openReadOnly()
        let explanation: Explanation
        do {
            let subject = try await subject(in: store)
            let record = try await MirrorReader(store: store).record(of: subject.user, at: subject.time, limit: history)
            explanation = Explanation(
                record,
                of: subject.user,
                answer: subject.answer,
                allowedStatuses: statuses
            )
        } catch let error as MirrorError {
            throw CommandFailure(error)
        }
        print(json ? try JSONText.of(explanation) : ExplanationText(explanation).text)
    }

    /// Whose portal is explained, as of when (nil for now), and the answer that is asked about.
    private func subject(
        in store: MirrorStore
    ) async throws -> (user: UserID, time: Double?, answer: AnsweredRequest?) {
        if let user {
            return (user, at?.seconds(now: Date.now.timeIntervalSince1970), nil)
        }
        guard let request, let answer = try await AnsweredRequestLog(store: store).request(request) else {
            throw CommandFailure("no answer of this id is kept; one that was just given is found a second later")
        }
        return (try UserArgument.userID(answer.user), answer.at, answer)
    }
}
