import ArgumentParser
import MirrorStore

/// The command `portald links`.
struct LinksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "links",
        abstract: "List whose customer is whose, who says so, and what the operator has overruled.",
        discussion: """
            A line has the customer, the user, how the claim stands (in_force, conflict, agrees, overruled, unlinked), its \
            source, the object that makes it, the event that brought it, and when. They come by customer and user.

            Example: portald links --conflicts
            Example: portald links --user 4711 --json
            """
    )

    @OptionGroup var options: DatabaseOptions

    @Flag(help: "Only customers that are claimed for more than one user, and that open for nobody.")
    var conflicts = false

    @Option(help: "Only links of this user.", transform: UserArgument.userID)
    var user: UserID?

    @Option(help: "Only links of this customer, cus_….", transform: CustomerArgument.customer)
    var customer: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func run() async throws {
        let links = UserLinks(store: try await options.openReadOnly())
        do {
            try links.forEach(.init(user: user, customer: customer, conflictsOnly: conflicts)) { link in
                print(json ? try JSONText.of(link) : LinkText.line(link))
            }
        } catch let error as MirrorError {
            throw CommandFailure(error)
        }
    }
}
