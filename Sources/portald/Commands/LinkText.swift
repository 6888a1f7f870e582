import Foundation
import MirrorStore

/// Links and decisions about them as an operator reads them.
enum LinkText {
    /// Prints a decision; what to know beside it goes to standard error.
    static func tell(_ decided: UserLinks.Decided, json: Bool) throws {
        print(json ? try JSONText.of(decided) : sentence(decided))
        for note in notes(decided) {
            FileHandle.standardError.write(Data("portald: \(note)\n".utf8))
        }
    }

    static func names(_ decided: UserLinks.Decided) -> String {
        "\(decided.customer) and the user \(quote(decided.user))"
    }

    /// One line of `portald links`.
    static func line(_ link: UserLink) -> String {
        let made = Date(timeIntervalSince1970: Double(link.createdAt)).formatted(.iso8601)
        let fields = [
            link.customer, link.user, link.standing.rawValue, link.source, link.claimant ?? "-", link.event ?? "-",
            made,
        ]
        return fields.map(quote).joined(separator: "  ")
    }

    private static func sentence(_ decided: UserLinks.Decided) -> String {
        let (customer, user) = (decided.customer, quote(decided.user))
        let what =
            switch decided.change {
            case .linked: "\(customer) is the user \(user)'s now, and nobody else's"
            case .unlinked: "\(customer) is not the user \(user)'s any more, whatever is claimed"
            case .undone: "what was decided about \(customer) and the user \(user) is taken back"
            case .claimed, .withdrawn, nil: "it was decided so already"
            }
        return "\(what); \(outcome(decided))"
    }

    private static func outcome(_ decided: UserLinks.Decided) -> String {
        let open = decided.links.filter { $0.standing == .inForce }
        if let link = open.first { return "it opens for \(quote(link.user))" }
        let isInConflict = decided.links.contains { $0.standing == .conflict }
        return isInConflict ? "it is in conflict and opens for nobody" : "it opens for nobody"
    }

    private static func notes(_ decided: UserLinks.Decided) -> [String] {
        var notes: [String] = []
        if let replaced = decided.replaced {
            notes.append("this replaces the link to the user \(quote(replaced))")
        }
        if !decided.isCustomerKnown {
            notes.append("the mirror does not know \(decided.customer) yet")
        }
        return notes
    }

    private static func quote(_ text: String) -> String {
        LineLogHandler.quote(text, spaces: true)
    }
}
