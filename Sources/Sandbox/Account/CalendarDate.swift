/// A UTC calendar date and time of day, converted from and to Unix seconds.
///
/// The arithmetic is the proleptic Gregorian one of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
struct CalendarDate {
    var year: Int
    var month: Int
    var day: Int
    var secondOfDay: Int

    init(unixSeconds: Int) {
        let days = unixSeconds.flooredQuotient(by: 86_400)
        secondOfDay = unixSeconds - days * 86_400
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    private var daysSinceEpoch: Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear.flooredQuotient(by: 400)
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    var unixSeconds: Int {
        daysSinceEpoch * 86_400 + secondOfDay
    }

    /// The same day of a later month, or that month's last day where it is shorter, as Stripe's billing cycles move.
    func adding(months: Int) -> CalendarDate {
        var result = self
        let total = year * 12 + (month - 1) + months
        result.year = total.flooredQuotient(by: 12)
        result.month = total - result.year * 12 + 1
        result.day = min(day, Self.days(inMonth: result.month, of: result.year))
        return result
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The date as HTTP's `Date` field writes it (RFC 9110, section 5.6.7).
    var httpDate: String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let weekday = weekdays[daysSinceEpoch - daysSinceEpoch.flooredQuotient(by: 7) * 7]
        return "\(weekday), \(Self.twoDigits(day)) \(monthName) \(year) \(timeOfDay) GMT"
    }

    /// The time as RFC 3339 writes it, with the milliseconds that Stripe's thin events have.
    var rfc3339: String {
        let date = ["\(year)", Self.twoDigits(month), Self.twoDigits(day)].joined(separator: "-")
        return "\(date)T\(timeOfDay).000Z"
    }

    private var timeOfDay: String {
        [secondOfDay / 3_600, secondOfDay / 60 % 60, secondOfDay % 60].map(Self.twoDigits).joined(separator: ":")
    }

    /// The day for readers, for example `21 Nov 2026`.
    var readable: String {
        "\(day) \(monthName) \(year)"
    }

    private var monthName: String {
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1]
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int {
    fileprivate func flooredQuotient(by divisor: Int) -> Int {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
