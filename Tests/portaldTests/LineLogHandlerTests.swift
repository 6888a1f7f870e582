import Foundation
import Logging
import Testing

@testable import portald

@Suite struct LineLogHandlerTests {
    private let time = Date(timeIntervalSince1970: 1_790_000_000)

    private func line(
        _ message: Logger.Message,
        _ metadata: Logger.Metadata? = nil,
        level: Logger.Level = .info,
        isJournal: Bool = true,
        own: Logger.Metadata = [:],
        format: LogFormat = .logfmt
    ) -> String {
        var handler = LineLogHandler(level: LogLevel(.trace), format: format, isJournal: isJournal)
        handler.metadata = own
        let event = LogEvent(
            level: level,
            message: message,
            metadata: metadata,
            source: nil,
            file: #fileID,
            function: #function,
            line: #line
        )
        return handler.line(for: event, at: time)
    }

    @Test func writesFieldsInAFixedOrder() {
        let line = line("request", ["status": "200", "method": "GET", "route": "/api/x"], own: ["id": "7", "status": "1"])
        #expect(line == "<6>info request id=7 method=GET route=/api/x status=200")
    }

    @Test func writesJSONOneObjectALine() throws {
        let fields: Logger.Metadata = ["cause": "a \"b\"\nc\u{2028}", "level": "9", "hb.request.id": "1", "url": "http://a/b"]
        let line = line("it failed", fields, level: .error, own: ["listener": "admin"], format: .json)
        #expect(line.hasPrefix("<3>{"))
        #expect(line.allSatisfy { !$0.isNewline || $0 == "\u{2028}" })
        let object = try JSONDecoder().decode([String: String].self, from: Data(line.dropFirst(3).utf8))
        #expect(
            object == [
                "time": "2026-09-21T14:13:20.000Z", "level": "error", "message": "it failed", "cause": "a \"b\"\nc\u{2028}",
                "level_": "9", "listener": "admin", "url": "http://a/b",
            ]
        )
        #expect(self.line("m", isJournal: false, format: .json).hasPrefix(#"{"level":"info","message":"m","time":"#))
    }

    @Test(arguments: [
        (Logger.Level.trace, "<7>trace m"), (.debug, "<7>debug m"), (.info, "<6>info m"), (.notice, "<5>notice m"),
        (.warning, "<4>warning m"), (.error, "<3>error m"), (.critical, "<2>critical m"),
    ])
    func tellsTheJournalTheLevel(_ level: Logger.Level, line: String) {
        #expect(self.line("m", level: level) == line)
    }

    @Test func putsATimeInFrontElsewhere() {
        #expect(line("listening", isJournal: false) == "2026-09-21T14:13:20Z info listening")
    }

    @Test func leavesOutTheLibrarysOwnFields() {
        #expect(line("m", ["hb.request.id": "1", "route": "/"]) == "<6>info m route=/")
    }

    @Test(arguments: [
        ("plain", "plain"), ("cus_1/2.3-4:5", "cus_1/2.3-4:5"), ("é字🙂", "é字🙂"), (#"a\b"#, #"a\b"#), ("", #""""#),
        ("two words", #""two words""#), ("a=b", #""a=b""#), (#"say "hi""#, #""say \"hi\"""#), (#"a\ b"#, #""a\\ b""#),
        ("a\nb", #""a\nb""#), ("a\r\nb", #""a\r\nb""#), ("a\tb", #""a\tb""#), ("a\u{0}b", #""a\u{0}b""#),
        ("a\u{1B}[31mb", #""a\u{1b}[31mb""#), ("a\u{7F}b", #""a\u{7f}b""#), ("a\u{85}b", #""a\u{85}b""#),
        ("a\u{9B}31mb", #""a\u{9b}31mb""#), ("a\u{2028}b", #""a\u{2028}b""#), ("a\u{202E}b", #""a\u{202e}b""#),
        ("a\u{A0}b", #""a\u{a0}b""#), ("e\u{301}", "e\u{301}"), ("\"", #""\"""#),
    ])
    func quotesAValue(_ value: String, text: String) {
        #expect(line("m", ["name": "\(value)"]) == "<6>info m name=" + text)
    }

    @Test(arguments: [
        ("two words", "two words"), ("request status=200", #""request status=200""#), ("a\n<2>critical b", #""a\n<2>critical b""#),
    ])
    func quotesAMessage(_ message: String, text: String) {
        #expect(line("\(message)") == "<6>info " + text)
    }

    /// Whatever a value holds, it is one field of one line.
    @Test func letsNoValueForgeAFieldOrALine() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"ab ="\"# + "\n\r\t\u{0}\u{1B}\u{7F}\u{85}\u{9B}\u{2028}\u{202E}").map(String.init)
        for _ in 0..<2000 {
            let value = (0..<Int.random(in: 0...8, using: &generator))
                .map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
            let line = line("m", ["value": "\(value)", "z": "end"])
            #expect(line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            let form = /<6>info m value=([^\s"=]+|"(?:[^"\\]|\\.)*") z=end/
            #expect(line.wholeMatch(of: form) != nil, "\(line)")
        }
    }

    @Test func quotesAListOfValues() {
        #expect(line("m", ["names": ["a", "b c"]]) == #"<6>info m names="[\"a\", \"b c\"]""#)
    }
}
