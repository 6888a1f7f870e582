/// This version of portald.
enum Version {
    static let current = "0.1.0"

    /// What Stripe sees in its logs. https://docs.stripe.com/building-plugins#setappinfo
    static let userAgent = "portald/\(current)"
}
