import ArgumentParser
import Foundation
import MirrorStore

/// The command `portald link`.
struct LinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Decide that a customer is a user's and nobody else's, whatever Stripe's objects claim.",
        discussion: """
            The portal opens by it at once, beside a running daemon too. 'links' shows the claims that are overruled.

            Exit codes: 0 decided, also where it was so already; 1 nothing to undo, or the mirror cannot be written.

            Example: portald link 4711 cus_NffrFeUfNV2Hib
            Example: portald link --undo 4711 cus_NffrFeUfNV2Hib
            """
    )

    @OptionGroup var options: DatabaseOptions

    @OptionGroup var arguments: LinkArguments

    @Flag(help: "Take back what 'link' or 'unlink' decided about the two, so that Stripe's objects count again.")
    var undo = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let decided = try await options.decide { links, now in
            if undo {
                try await links.undo(arguments.user, arguments.customer, at: now)
            } else {
                try await links.link(arguments.user, to: arguments.customer, at: now)
            }
        }
        if undo, decided.change == nil {
            throw CommandFailure("nothing is decided about \(LinkText.names(decided)): there is nothing to undo")
        }
        try LinkText.tell(decided, json: json)
    }
}

/// The command `portald unlink`.
struct UnlinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlink",
        abstract: "Decide that a customer is not a user's: their link is removed, and every such claim set aside.",
        discussion: """
            It holds until 'link' links the two, or 'link --undo' takes it back.

            Exit codes: 0 decided, also where it was so already; 1 the mirror cannot be written.

            Example: portald unlink 4711 cus_NffrFeUfNV2Hib
            """
    )

    @OptionGroup var options: DatabaseOptions

    @OptionGroup var arguments: LinkArguments

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let decided = try await options.decide { links, now in
            try await links.unlink(arguments.user, from: arguments.customer, at: now)
        }
        try LinkText.tell(decided, json: json)
    }
}

extension DatabaseOptions {
    /// Opens the mirror for one decision.
    fileprivate func decide(
        _ body: (UserLinks, _ now: Double) async throws -> UserLinks.Decided
    ) async throws -> UserLinks.Decided {
        let store = try await openForWriting()
        do {
            let decided = try await body(UserLinks(store: store), Date.now.timeIntervalSince1970)
            try store.close()
            return decided
        } catch let error as MirrorError {
            throw CommandFailure(error)
        }
    }
}
