import Testing

@testable import Stripe

@Suite struct RevisionTests {
    func revision(_ text: String) throws -> Revision {
        Revision(of: try JSON(parsing: Array(text.utf8)))
    }

    func rewound(_ object: String, by previous: String) throws -> Revision {
        Revision(
            of: try JSON(parsing: Array(object.utf8)),
            rewoundBy: try JSON(parsing: Array(previous.utf8))
        )
    }

    @Test(arguments: [
        (#"{"a":1,"b":2}"#, #"{ "b" : 2 , "a" : 1 }"#),
        (#"{"a":1}"#, #"{"a":1,"b":null}"#),
        (#"{"a":{"b":{}}}"#, #"{"a":{"b":{"c":null}}}"#),
        (#"{"a":1}"#, #"{"a":1.0}"#),
        (#"{"a":100}"#, #"{"a":1e2}"#),
        (#"{"a":0.5}"#, #"{"a":5e-1}"#),
        (#"{"a":0}"#, #"{"a":-0.0e7}"#),
        (#"{"a":1e45}"#, #"{"a":10e44}"#),
        (#"{"é":"é/"}"#, #"{"\u00e9":"\u00E9\/"}"#),
        (#"{"a":"😀"}"#, #"{"a":"\ud83d\ude00"}"#),
        (#"{"a":"\n\u007f"}"#, "{\"a\":\"\\u000a\u{7F}\"}"),
        (#"{"a":1,"a":2}"#, #"{"a":2}"#),
    ])
    func spellingDoesNotMatter(one: String, other: String) throws {
        #expect(try revision(one) == revision(other))
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":"1"}"#),
        (#"{"a":1}"#, #"{"a":2}"#),
        (#"{"a":true}"#, #"{"a":1}"#),
        (#"{"a":[1,2]}"#, #"{"a":[2,1]}"#),
        (#"{"a":[null]}"#, #"{"a":[]}"#),
        (#"{"a":{}}"#, #"{}"#),
        (#"{"a":""}"#, #"{}"#),
        (#"{"a":9007199254740992}"#, #"{"a":9007199254740993}"#),
        (#"{"a":"\ud800"}"#, #"{"a":"\ud801"}"#),
        (#"{"a":"\ud800"}"#, #"{"a":"\ufffd"}"#),
        (#"{"a":"\ud800"}"#, #"{"a":"\\ud800"}"#),
        (#"{"a":"b\",\"c\":\"d"}"#, #"{"a":"b","c":"d"}"#),
        (#"{"a":"e\u0301"}"#, #"{"a":"\u00e9"}"#),
    ])
    func differentValuesDiffer(one: String, other: String) throws {
        #expect(try revision(one) != revision(other))
    }

    @Test(arguments: [
        (#"{"a":2,"b":1}"#, #"{"a":1}"#, #"{"a":1,"b":1}"#),
        (#"{"a":2}"#, #"{"a":null}"#, #"{}"#),
        (#"{"m":{"x":2,"y":1}}"#, #"{"m":{"x":1}}"#, #"{"m":{"x":1,"y":1}}"#),
        (#"{"m":{"x":2,"y":1}}"#, #"{"m":{"y":null}}"#, #"{"m":{"x":2}}"#),
        (#"{"m":{}}"#, #"{"m":{"gone":"x"}}"#, #"{"m":{"gone":"x"}}"#),
        (#"{"m":null}"#, #"{"m":{"x":1}}"#, #"{"m":{"x":1}}"#),
        (#"{"m":{"x":1}}"#, #"{"m":"flat"}"#, #"{"m":"flat"}"#),
        (#"{"l":[{"id":1,"q":2}]}"#, #"{"l":[{"id":1}]}"#, #"{"l":[{"id":1}]}"#),
        (#"{"b":1}"#, #"{"a":0,"c":2}"#, #"{"a":0,"b":1,"c":2}"#),
    ])
    func rewinds(object: String, previous: String, before: String) throws {
        #expect(try rewound(object, by: previous) == revision(before))
    }

    @Test func expandableFieldsOfACustomerDoNotCount() throws {
        let bare = #"{"id":"cus_1","object":"customer","email":"a"}"#
        let expanded = #"{"id":"cus_1","object":"customer","email":"a","sources":{"data":[1]},"tax":{"ip_address":null}}"#
        #expect(try revision(bare) == revision(expanded))
        #expect(try rewound(expanded, by: #"{"sources":{"data":[]}}"#) == revision(bare))
        #expect(
            try revision(#"{"object":"subscription","tax":1}"#) != revision(#"{"object":"subscription"}"#)
        )
        #expect(
            try revision(#"{"object":"customer","metadata":{"tax":"1"}}"#)
                != revision(#"{"object":"customer","metadata":{}}"#)
        )
    }

    @Test func rewindingRandomChangesGivesTheRevisionBefore() throws {
        var random = RandomJSON(seed: 7)
        for round in 0..<10_000 {
            let before = random.object(depth: 4)
            let after = random.changed(before)
            let previous = RandomJSON.previousAttributes(from: before, to: after)
            let json = try JSON(parsing: Array(random.spell(after).utf8))
            let attributes = try JSON(parsing: Array(random.spell(previous).utf8))
            let plain = try JSON(parsing: Array(random.spell(before).utf8))
            #expect(Revision(of: json, rewoundBy: attributes) == Revision(of: plain), "round \(round)")
            #expect(
                (Revision(of: json) == Revision(of: plain)) == (previous == .object([:])),
                "round \(round)"
            )
        }
    }
}
