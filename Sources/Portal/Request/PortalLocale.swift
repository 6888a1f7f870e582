/// A language of the portal's pages, in Stripe's spelling.
///
/// Source: https://docs.stripe.com/api/customer_portal/sessions/create#create_portal_session-locale.
public struct PortalLocale: RawRepresentable, Sendable, Hashable {
    /// Stripe's spelling, such as `en-GB`.
    public let rawValue: String

    /// Nil where Stripe has no such locale; the spelling is exact.
    public init?(rawValue: String) {
        guard Self.all.contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    /// All that there are.
    public static let all: Set<String> = [
        "auto", "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-SG", "es",
        "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb",
        "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
    ]
}
