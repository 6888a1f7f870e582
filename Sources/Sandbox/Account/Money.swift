/// An amount of a currency with two decimals, for pages.
struct Money: CustomStringConvertible {
    /// In the currency's smallest unit.
    var amount: Int
    var currency: String

    var description: String {
        let cents = amount % 100
        return "\(amount / 100).\(cents < 10 ? "0" : "")\(cents) \(currency.uppercased())"
    }
}
