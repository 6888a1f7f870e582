import Foundation
import Testing

@testable import Web

@Suite struct HTTPDatesTests {
    /// The example of RFC 9110 §5.6.7.
    @Test func formatsTheExampleOfTheRFC() {
        #expect(HTTPDates.format(Date(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    private static let formatter = {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }()

    @Test func formatsAsFoundationDoes() {
        var generator = SystemRandomNumberGenerator()
        // To the year 9999; each day of a leap year and of one that is none; both sides of midnight.
        var seconds = (0..<500).map { _ in Int.random(in: 0...253_402_300_799, using: &generator) }
        seconds += (0..<731).map { 1_704_067_200 + $0 * 86_400 }
        seconds += [0, 951_782_399, 951_782_400, 951_868_800, 4_107_542_399, 4_107_542_400, 253_402_300_799]
        for second in seconds {
            let date = Date(timeIntervalSince1970: Double(second))
            #expect(HTTPDates.format(date) == Self.formatter.string(from: date))
        }
    }

    @Test func keepsATextForItsSecondOnly() {
        let dates = HTTPDates()
        let texts = [1_790_000_000.0, 1_790_000_000.999, 1_790_000_001, 1_789_999_999, 1_790_000_001]
            .map { dates.text(at: Date(timeIntervalSince1970: $0)) }
        #expect(texts[0] == HTTPDates.format(Date(timeIntervalSince1970: 1_790_000_000)))
        #expect(texts[1] == texts[0])
        #expect(texts[2] == HTTPDates.format(Date(timeIntervalSince1970: 1_790_000_001)))
        #expect(texts[3] == HTTPDates.format(Date(timeIntervalSince1970: 1_789_999_999)))
        #expect(texts[4] == texts[2])
    }
}
