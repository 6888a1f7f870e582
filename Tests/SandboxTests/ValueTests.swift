import Foundation
import Testing

@testable import Sandbox

@Suite struct ValueTests {
    @Test func formsNestAsStripeDoes() {
        let parameters = FormDecoder.parameters(
            from: "a=1&metadata[x%5B0%5D]=y&items[0][price]=p&items[0][quantity]=2&items[1][price]=q"
                + "&types[]=s&types[]=t&plus=a+b%2B&empty=&bare&pct=%zz&utf=%C3%A4"
        )
        let expected: StripeParameters = [
            "a": "1", "metadata": ["x[0]": "y"],
            "items": [["price": "p", "quantity": "2"], ["price": "q"]], "types": ["s", "t"], "plus": "a b+",
            "empty": "", "bare": "", "pct": "%zz", "utf": "ä",
        ]
        #expect(parameters == expected)
    }

    @Test func formsOfAnyShapeAreTaken() {
        var random = SeededGenerator(seed: 3)
        let alphabet = Array("ab[]=&%0+é")
        for _ in 0..<2_000 {
            let text = String(
                (0..<Int.random(in: 0..<30, using: &random)).map { _ in alphabet.randomElement(using: &random)! }
            )
            _ = FormDecoder.parameters(from: text)
        }
        let deep = "a" + String(repeating: "[b]", count: 10_000) + "=1"
        #expect(FormDecoder.parameters(from: deep).entries.count == 1)
    }

    @Test func encodedFormsDecodeToThemselves() {
        let parameters: StripeParameters = [
            "email": "ä+b@example.org", "metadata": ["k 1": "=&?#"], "items": [["price": "p"], ["price": "q"]],
        ]
        #expect(FormDecoder.parameters(from: parameters.encoded) == parameters)
    }

    @Test func textIsLaidOutAsStripes() {
        let object: JSONObject = ["a": [], "b": [:], "c": [1, "x\u{1}/\"\\\t"], "d": ["e": nil], "f": true]
        let expected = """
            {
              "a": [],
              "b": {},
              "c": [
                1,
                "x\\u0001/\\"\\\\\\t"
              ],
              "d": {
                "e": null
              },
              "f": true
            }
            """
        #expect(String(decoding: object.bytes, as: UTF8.self) == expected)
    }

    /// Foundation's calendar is the judge.
    @Test func datesAgreeWithFoundation() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        var random = SeededGenerator(seed: 5)
        for _ in 0..<3_000 {
            let seconds = Int.random(in: 0...7_000_000_000, using: &random)
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            let own = CalendarDate(unixSeconds: seconds)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            #expect([own.year, own.month, own.day] == [parts.year, parts.month, parts.day])
            #expect(own.unixSeconds == seconds)
            let months = Int.random(in: 1...36, using: &random)
            let later = try #require(calendar.date(byAdding: .month, value: months, to: date))
            #expect(own.adding(months: months).unixSeconds == Int(later.timeIntervalSince1970))
        }
    }

    @Test(arguments: [
        ("*", "", true), ("customer.*", "customer.created", true), ("customer.*", "customers", false),
        ("*.created", "customer.created", true), ("a*b*c", "a-b-b-c", true), ("a*b*c", "a-c-b", false),
        ("ab*ba", "aba", false), ("a", "a", true), ("a", "ab", false),
    ])
    func patterns(pattern: String, text: String, matches: Bool) {
        #expect(Glob.matches(pattern, text) == matches)
    }
}
