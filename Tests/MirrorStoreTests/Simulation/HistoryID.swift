import Foundation

/// Names one random history, so that it can be drawn again.
struct HistoryID: Hashable, Sendable, LosslessStringConvertible {
    var profile: Profile
    var seed: UInt64
    var number: Int

    init(_ profile: Profile, seed: UInt64, number: Int) {
        self.profile = profile
        self.seed = seed
        self.number = number
    }

    /// Reads what ``description`` wrote, such as `chaos/1/4711`.
    init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let profile = Profile(rawValue: String(parts[0])), let seed = UInt64(parts[1]),
            let number = Int(parts[2])
        else { return nil }
        self.init(profile, seed: seed, number: number)
    }

    var description: String { "\(profile.rawValue)/\(seed)/\(number)" }

    /// The one that a developer asks for.
    static let requested = ProcessInfo.processInfo.environment["PORTALD_SIMULATION"]

    /// The command that shows the history step by step.
    func reproduction(by suite: String) -> String {
        "PORTALD_SIMULATION=\(self) swift test --filter MirrorStoreTests.\(suite)/reproduction"
    }

    var history: History {
        var generator = HistoryGenerator(profile: profile, random: SplitMix64(name: description))
        return generator.history()
    }
}
