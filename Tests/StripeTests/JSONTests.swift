import Foundation
import Testing

@testable import Stripe

@Suite struct JSONTests {
    func parse(_ text: String) throws -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    @Test func readsEveryKindOfValue() throws {
        let json = try parse(
            #" {"s":"é\u00e9\n\ud83d\ude00","i":-12,"f":1.50,"t":true,"n":null,"a":[1,[2],{}],"o":{"":0}} "#
        )
        #expect(json["s"]?.string == "éé\n😀")
        #expect(json["i"]?.integer == -12)
        #expect(json["f"]?.numberText == "1.50")
        #expect(json["f"]?.integer == nil)
        #expect(json["t"]?.bool == true)
        #expect(json["n"]?.isNull == true)
        #expect(json["a"]?.elements?.count == 3)
        #expect(json["o"]?[""]?.integer == 0)
        #expect(json["missing"] == nil)
        #expect(json.members?.map(\.name) == ["s", "i", "f", "t", "n", "a", "o"])
    }

    @Test func namesAreComparedWithoutTheirEscapes() throws {
        #expect(try parse(#"{"\u0069d":1}"#)["id"]?.integer == 1)
    }

    @Test func theLastOfTwoEqualNamesCounts() throws {
        #expect(try parse(#"{"a":1,"a":2}"#)["a"]?.integer == 2)
    }

    @Test func aByteOrderMarkIsSkipped() throws {
        #expect(try JSON(parsing: [0xEF, 0xBB, 0xBF] + Array("[]".utf8)).elements?.isEmpty == true)
    }

    @Test(arguments: [
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("1e3", 1000), ("10e-1", 1),
        ("0", 0), ("-0", 0), ("0e99999999999999999999", 0), ("9007199254740993", 9_007_199_254_740_993),
    ])
    func integersAreExact(text: String, value: Int64) throws {
        #expect(try parse(text).integer == value)
    }

    @Test(arguments: ["9223372036854775808", "1.5", "1e-1", "1e400", "\"1\"", "1e99999999999999999999"])
    func otherNumbersAreNoIntegers(text: String) throws {
        #expect(try parse(text).integer == nil)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[", "]", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}", "01", "+1",
        "1.", ".5", "1e", "1e+", "-", "--1", "tru", "truE", "nul", "NaN", "Infinity", "\"", "\"\\\"", "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\u{0}\"", "1 2", "[] []", "//", "/**/1", "\u{FEFF}\u{FEFF}1",
    ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0xAF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xC2], [0xF0, 0x9F, 0x98], [0xFF],
        ] as [[UInt8]]
    )
    func refusesMalformedUTF8(bytes: [UInt8]) {
        #expect(throws: JSONError.malformed(offset: 1)) {
            try JSON(parsing: [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
        }
    }

    @Test func nestingIsBounded() throws {
        let depth = JSON.maximumDepth
        _ = try parse(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        #expect(throws: JSONError.tooDeep(offset: depth)) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func everyPrefixOfATextIsRefused() throws {
        let text = Array(#"{"a":[1.5e3,"\u00e9é",true,null,{"b":"c"}]}"#.utf8)
        _ = try JSON(parsing: text)
        for length in text.indices {
            #expect(throws: JSONError.self) { try JSON(parsing: Array(text[..<length])) }
        }
    }

    @Test func compactTextKeepsOrderSpellingAndEscapes() throws {
        let text = "{ \"b\" : [ 1.0 , \"\\u00e9 x\" ] ,\n \"a\" : { } , \"c\":[\t] }"
        #expect(try parse(text).compactText == #"{"b":[1.0,"\u00e9 x"],"a":{},"c":[]}"#)
    }

    @Test func whateverIsAcceptedFoundationReadsToo() throws {
        var random = RandomJSON(seed: 3)
        let alphabet = Array("{}[]:,\"\\u0123e+-. tfn".utf8)
        var accepted = 0
        for _ in 0..<50_000 {
            let bytes = random.bytes(of: alphabet, upTo: 6)
            // Foundation has no number beyond a double, and no surrogate without its partner.
            guard (try? JSON(parsing: bytes)) != nil, !bytes.contains(UInt8(ascii: "e")), !bytes.contains(UInt8(ascii: "u")) else { continue }
            accepted += 1
            #expect(throws: Never.self, "\(String(decoding: bytes, as: UTF8.self))") {
                try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            }
        }
        #expect(accepted > 100)
    }
}
