import ArgumentParser

/// The program: one command for each thing an operator does.
@main
struct Portald: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "portald",
        abstract: "Keeps a local mirror of Stripe's customers and subscriptions, and opens the billing portal from it.",
        discussion: """
            Settings come from the environment, from files of the same name in $CREDENTIALS_DIRECTORY, or from a file \
            given with --config. The README lists them.

            Exit codes: 0 success, 1 failure, 3 'verify' found drift, 4 'doctor' or 'status' has warnings only, 5 another primary has taken over, 64 wrong usage, 78 wrong settings.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, BackfillCommand.self, VerifyCommand.self, StatusCommand.self, ExplainCommand.self,
            LinkCommand.self, UnlinkCommand.self, LinksCommand.self, EventsCommand.self, MigrateCommand.self,
            BackupCommand.self, DoctorCommand.self, ReplicateCommand.self, FollowCommand.self, PromoteCommand.self,
            DemoCommand.self, SandboxCommand.self,
        ]
    )
}
