import Stripe
import Testing

@Suite struct JSONReplacingTests {
    func parse(_ text: String) throws -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    @Test func replacesAMemberWhereItStands() throws {
        let object = try parse(#" { "a" : 1.50, "b" : [ 1 , "\u00e9" ], "c" : {"b": 2} } "#)
        let replaced = try object.replacing("b", with: try parse(#"{"x": null}"#))
        #expect(replaced.compactText == #"{"a":1.50,"b":{"x":null},"c":{"b":2}}"#)
        #expect(replaced["b"]?["x"]?.isNull == true)
        #expect(object["b"]?.elements?.count == 2)
    }

    @Test func replacesEveryOccurrenceOfTheName() throws {
        let replaced = try parse(#"{"a":1,"\u0061":2,"b":3}"#).replacing("a", with: try JSON(true))
        #expect(replaced.compactText == #"{"a":true,"\u0061":true,"b":3}"#)
    }

    @Test(arguments: ["{}", #"{"b":1}"#, "[]", #""a""#, "1", "null"])
    func refusesAMemberThatIsNotThere(text: String) throws {
        let json = try parse(text)
        #expect(throws: JSONError.missing(member: "a")) { try json.replacing("a", with: json) }
    }

    @Test func makesArrays() throws {
        #expect(try JSON(array: []).compactText == "[]")
        let elements = try parse(#"[ {"a" : 1}, "x", [ ], false ]"#).elements ?? []
        #expect(try JSON(array: elements).compactText == #"[{"a":1},"x",[],false]"#)
        #expect(try JSON(false).bool == false)
        #expect(try JSON(true).bool == true)
    }

    @Test func nestsNoDeeperThanATextMay() throws {
        let deepest = try parse(
            String(repeating: "[", count: JSON.maximumDepth) + String(repeating: "]", count: JSON.maximumDepth)
        )
        #expect(throws: JSONError.tooDeep(offset: JSON.maximumDepth)) { try JSON(array: [deepest]) }
        let object = try parse(#"{"a":1}"#)
        #expect(throws: JSONError.tooDeep(offset: 4 + JSON.maximumDepth)) { try object.replacing("a", with: deepest) }
    }
}
