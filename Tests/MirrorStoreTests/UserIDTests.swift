import MirrorStore
import Testing

@Suite struct UserIDTests {
    @Test(arguments: ["1", "user-1", " 1", "1 ", "a b", "Ünï", "用户", "18446744073709551616", "👩‍👩‍👧"])
    func idsAreKeptAsTheyAre(_ text: String) throws {
        #expect(try Array(UserID(text).rawValue.utf8) == Array(text.utf8))
    }

    @Test func idsAreComparedBytewise() throws {
        let composed = try UserID("caf\u{e9}")
        let decomposed = try UserID("cafe\u{301}")
        #expect(composed.rawValue == decomposed.rawValue)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(try UserID("a") != UserID("A"))
        #expect(try Set([UserID("a"), UserID("a")]).count == 1)
    }

    @Test(arguments: ["", " ", "\t\n", "\u{a0}\u{3000}"])
    func blankIDsAreRefused(_ text: String) {
        #expect(throws: UserID.Fault.blank) { try UserID(text) }
    }

    @Test(arguments: ["a\u{0}b", "a\nb", "\u{7f}", "a\u{85}b", "\u{1b}[31m"])
    func controlCharactersAreRefused(_ text: String) {
        #expect(throws: UserID.Fault.controlCharacter) { try UserID(text) }
    }

    @Test func lengthIsCountedInBytes() throws {
        #expect(try UserID(String(repeating: "a", count: 255)).rawValue.count == 255)
        #expect(throws: UserID.Fault.tooLong) { try UserID(String(repeating: "a", count: 256)) }
        #expect(throws: UserID.Fault.tooLong) { try UserID(String(repeating: "é", count: 128)) }
    }
}
