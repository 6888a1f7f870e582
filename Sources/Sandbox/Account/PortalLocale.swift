extension ParameterReader {
    /// A language of the portal: <https://docs.stripe.com/api/customer_portal/sessions/create#create_portal_session-locale>.
    mutating func locale(_ name: String) throws(StripeAPIError) -> String? {
        guard !text(name, is: "") else { return try textChange(name).applied(to: nil) }
        return try choice(name, of: Self.locales)
    }

    private static let locales = [
        "auto", "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-SG", "es",
        "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb",
        "nl",
        "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
    ]
}
