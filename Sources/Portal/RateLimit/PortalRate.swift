/// How often one user may ask for the portal: so many times in so many seconds.
public struct PortalRate: Sendable, Hashable {
    /// Requests in the period.
    public let count: Int
    /// The period, in seconds.
    public let seconds: Int

    /// Reads `10/60s`; nil where the text is not of that form, or a number is outside 1 to 10000 and 1 to 86400.
    public init?(_ text: String) {
        guard let match = text.wholeMatch(of: /([0-9]{1,5})\/([0-9]{1,5})s/), let count = Int(match.output.1),
            let seconds = Int(match.output.2), (1...10_000).contains(count), (1...86_400).contains(seconds)
        else { return nil }
        self.count = count
        self.seconds = seconds
    }

    /// How long until one more request is allowed.
    var interval: Duration { .seconds(seconds) / count }

    /// How many may come at once: half of them, and at least one.
    var burst: Int { max(1, count / 2) }
}
