internal import FoundationEssentials
internal import NIOConcurrencyHelpers

/// The `Date` header's value (RFC 9110 §5.6.7), made once a second.
struct HTTPDates: Sendable {
    private let cached = NIOLockedValueBox((second: Int64.min, text: ""))

    func text(at date: Date) -> String {
        let second = Int64(date.timeIntervalSince1970)
        return cached.withLockedValue { cached in
            if cached.second != second {
                cached = (second, Self.format(date))
            }
            return cached.text
        }
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    static func format(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.weekday, .day, .month, .year, .hour, .minute, .second], from: date)
        let day = days[((parts.weekday ?? 1) - 1) % 7]
        let month = months[((parts.month ?? 1) - 1) % 12]
        let time = [parts.hour, parts.minute, parts.second].map { pad($0) }.joined(separator: ":")
        return "\(day), \(pad(parts.day)) \(month) \(parts.year ?? 1970) \(time) GMT"
    }

    private static func pad(_ number: Int?) -> String {
        let text = String(number ?? 0)
        return text.count < 2 ? "0" + text : text
    }
}
