/// The time in a `Date` header: IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// The older forms are not read: RFC 9110 §5.6.7 lets nobody send them, and Stripe does not.
public enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let shape = Array("aaa, 00 aaa 0000 00:00:00 GMT".utf8)

    /// Unix seconds in the years 1970 to 9999; nil where the text is no such date.
    public static func unixSeconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == shape.count, zip(bytes, shape).allSatisfy(fits) else { return nil }
        func name(_ start: Int) -> String { String(decoding: bytes[start..<start + 3], as: UTF8.self) }
        func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }

        let (day, year) = (number(5..<7), number(12..<16))
        let (hour, minute, second) = (number(17..<19), number(20..<22), number(23..<25))
        guard let month = months.firstIndex(of: name(8)), year >= 1970, (1...length(month, year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let leapDays = (1970..<year).count { isLeap($0) }
        let dayOfYear = (0..<month).reduce(day - 1) { $0 + length($1, year) }
        let epochDay = (year - 1970) * 365 + leapDays + dayOfYear
        guard name(0) == days[epochDay % 7] else { return nil }
        // Unix time has no leap second: it is the 59th once more.
        return Int64(epochDay * 86_400 + hour * 3600 + minute * 60 + min(second, 59))
    }

    private static func fits(_ byte: UInt8, _ pattern: UInt8) -> Bool {
        switch pattern {
        case UInt8(ascii: "0"): (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        case UInt8(ascii: "a"): true
        default: byte == pattern
        }
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// The days of a month, which is counted from 0.
    private static func length(_ month: Int, _ year: Int) -> Int {
        month == 1 && isLeap(year) ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    }
}
