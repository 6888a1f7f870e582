import Foundation
import Logging
import Portal
import Stripe
import StripeClient
import Web

/// Reads settings one by one and collects what is wrong with them.
struct SettingsReader {
    let source: SettingsSource
    var faults: [String] = []

    init(source: SettingsSource) {
        self.source = source
    }

    mutating func fault(_ name: String, _ what: String) {
        faults.append("\(name) \(what)")
    }

    /// A text that is not blank; nil where it is not set.
    mutating func text(_ name: String, prefixes: [String] = []) -> String? {
        guard let text = source.text(name) else { return nil }
        guard !text.allSatisfy(\.isWhitespace) else {
            fault(name, "is blank; leave it out or give it a value")
            return nil
        }
        guard !(text.count >= 2 && text.first == text.last && ["\"", "'"].contains(text.first)) else {
            fault(name, "is in quotation marks; they would be part of the value, leave them out")
            return nil
        }
        guard prefixes.isEmpty || prefixes.contains(where: text.hasPrefix) else {
            fault(name, "does not begin with \(prefixes.joined(separator: " or "))")
            return nil
        }
        return text
    }

    private mutating func required(_ name: String, _ what: String) -> String? {
        let known = faults.count
        let text = text(name)
        if text == nil, faults.count == known {
            fault(name, "is not set: \(what)")
        }
        return text
    }

    /// Parts between commas, without white space around them.
    mutating func list(_ name: String) -> [String]? {
        guard let text = text(name) else { return nil }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        if parts.contains("") {
            fault(name, "has an empty part; separate values by single commas")
        }
        return parts
    }

    mutating func secretKey(_ name: String) -> (secret: Secret, livemode: Bool)? {
        guard
            let text = required(
                name,
                "the API key of your Stripe account, sk_test_…, sk_live_…, rk_test_… or rk_live_…"
            )
        else { return nil }
        let modes = ["sk_test_": false, "rk_test_": false, "sk_live_": true, "rk_live_": true]
        guard let mode = modes.first(where: { text.hasPrefix($0.key) }) else {
            fault(name, "is no secret key; it begins with sk_test_, sk_live_, rk_test_ or rk_live_")
            return nil
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            fault(name, "has a character that no key has, such as a space or a line break")
            return nil
        }
        return (Secret(text), mode.value)
    }

    mutating func webhookSecrets(_ name: String, isRequired: Bool) -> [WebhookSecret] {
        let what = "the signing secret of your webhook endpoint, whsec_…"
        guard let text = isRequired ? required(name, what) : text(name) else { return [] }
        let secrets = text.split(separator: ",", omittingEmptySubsequences: false)
            .map { WebhookSecret($0.trimmingCharacters(in: .whitespaces)) }
        if secrets.contains(nil) {
            fault(name, "has a blank part; anybody could sign with a blank secret")
        }
        return secrets.compactMap(\.self)
    }

    mutating func frontendURL(_ name: String) -> (origin: String, base: String)? {
        guard let text = required(name, "the address of your frontend, such as https://app.example.com") else {
            return nil
        }
        guard let url = FrontendURL(text) else {
            fault(name, "is no http or https address without query and fragment")
            return nil
        }
        return (url.origin, url.base)
    }

    mutating func origins(_ name: String) -> Set<String> {
        var origins: Set<String> = []
        for text in list(name) ?? [] where !text.isEmpty {
            guard let url = FrontendURL(text), url.base == url.origin else {
                fault(name, "has a part that is no origin; give scheme, host and port, such as https://app.example.com")
                continue
            }
            origins.insert(url.origin)
        }
        return origins
    }

    mutating func path(_ name: String, default fallback: String) -> String {
        guard let text = text(name) else { return fallback }
        guard text.hasPrefix("/"), !text.hasPrefix("//"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            fault(name, "is no path; it begins with one slash")
            return fallback
        }
        return text
    }

    mutating func endpoint(_ name: String, default fallback: String) -> EndpointURL? {
        do throws(EndpointURL.Invalid) {
            return try EndpointURL(text(name) ?? fallback)
        } catch {
            fault(name, "cannot be used: \(Self.explain(error))")
            return nil
        }
    }

    /// As it was written, because it is compared with what Stripe has.
    mutating func webhookURL(_ name: String) -> String? {
        guard let text = text(name) else { return nil }
        do throws(EndpointURL.Invalid) {
            _ = try EndpointURL(resource: text)
            return text
        } catch {
            fault(name, "cannot be used: \(Self.explain(error))")
            return nil
        }
    }

    static func explain(_ error: EndpointURL.Invalid) -> String {
        switch error {
        case .malformed: "it is no absolute URL"
        case .scheme: "its scheme is neither https nor http"
        case .insecure: "plain http is for this machine only; use https"
        case .credentials: "it holds a user name or password"
        case .suffix: "it has a query or a fragment"
        }
    }

    mutating func apiVersion(_ name: String, default fallback: String) -> String {
        guard let text = text(name) else { return fallback }
        let isVersion = text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?/) != nil
        if !isVersion {
            fault(name, "is no version of Stripe's API, such as \(fallback)")
        }
        return text
    }

    mutating func listenAddress(_ name: String, default fallback: String) -> ListenAddress? {
        let address = ListenAddress(text(name) ?? fallback)
        if address == nil {
            fault(name, "is no address; give host:port, such as \(fallback)")
        }
        return address
    }

    mutating func loopbackAddress(_ name: String, default fallback: String) -> ListenAddress? {
        guard let address = listenAddress(name, default: fallback) else { return nil }
        guard address.isLoopback else {
            fault(
                name,
                "is open to other machines, and this version has no token to ask them for; "
                    + "give an address of 127.0.0.0/8, [::1] or localhost, such as \(fallback)"
            )
            return nil
        }
        return address
    }

    mutating func portalStatuses(_ name: String) -> Set<String> {
        Set(list(name) ?? ["active", "trialing", "past_due"])
    }

    mutating func portalRate(_ name: String, default fallback: String) -> PortalRate? {
        let rate = PortalRate(text(name) ?? fallback)
        if rate == nil {
            fault(
                name,
                "is no rate such as \(fallback): requests (1 to 10000), a slash, and seconds (1 to 86400) followed by s"
            )
        }
        return rate
    }

    mutating func seconds(_ name: String, default fallback: Int64) -> Int64 {
        guard let text = text(name) else { return fallback }
        guard let seconds = Int64(text), (1...86_400).contains(seconds) else {
            fault(name, "is no number of seconds from 1 to 86400")
            return fallback
        }
        return seconds
    }

    mutating func litestream() -> String { text("PORTALD_LITESTREAM") ?? "litestream" }

    mutating func litestreamConfig() -> String? { text("PORTALD_LITESTREAM_CONFIG") }

    mutating func maxStaleness() -> Int64 { seconds("PORTALD_MAX_STALENESS", default: 60) }

    mutating func sweepInterval() -> Int64 { seconds("PORTALD_SWEEP_INTERVAL", default: 300) }

    mutating func integer(
        _ name: String,
        of unit: String,
        in range: ClosedRange<Int>,
        default fallback: Int
    ) -> Int {
        guard let text = text(name) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            fault(name, "is no number of \(unit) from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return number
    }

    mutating func logLevel(_ name: String, default fallback: Logger.Level) -> Logger.Level {
        guard let text = text(name) else { return fallback }
        guard let level = Logger.Level(rawValue: text) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            fault(name, "is no level; give one of \(levels)")
            return fallback
        }
        return level
    }

    /// One of a few words.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String,
        default fallback: Choice
    ) -> Choice {
        guard let text = text(name) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            fault(name, "is unknown; give \(Choice.allCases.map(\.rawValue).joined(separator: " or "))")
            return fallback
        }
        return choice
    }
}
