import Glibc
import Testing

@testable import portald

@Suite struct InheritedSocketsTests {
    private static func read(_ environment: [String: String]) throws -> InheritedSockets {
        try InheritedSockets(environment: environment, process: 42) { _ in }
    }

    private static func environment(_ count: String, names: String?) -> [String: String] {
        var environment = ["LISTEN_PID": "42", "LISTEN_FDS": count]
        environment["LISTEN_FDNAMES"] = names
        return environment
    }

    @Test func areFoundByTheirNames() throws {
        let both = try Self.read(Self.environment("2", names: "admin:public"))
        #expect(both.adminSocket == 3)
        #expect(both.publicSocket == 4)
        let one = try Self.read(Self.environment("1", names: "admin"))
        #expect(one.adminSocket == 3)
        #expect(one.publicSocket == nil)
    }

    @Test(arguments: [nil, "", "unknown"] as [String?])
    func aSingleOneWithoutANameIsThePublicOne(names: String?) throws {
        #expect(try Self.read(Self.environment("1", names: names)).publicSocket == 3)
    }

    @Test func thoseOfAnotherProcessAreNotTaken() throws {
        #expect(try Self.read(["LISTEN_PID": "41", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "x:y"]) == InheritedSockets())
        #expect(try Self.read([:]) == InheritedSockets())
        #expect(try Self.read(["LISTEN_PID": "42"]) == InheritedSockets())
    }

    @Test(
        arguments: [
            ("2", "public:public"), ("2", "admin:admin"), ("2", nil), ("2", "public"), ("1", "web"), ("2", "public:portald.socket"),
            ("0", nil), ("-1", nil), ("3", "public:admin:x"), ("two", "public:admin"), ("99999999999", nil),
        ] as [(String, String?)]
    )
    func whatCannotBeToldApartIsRefused(count: String, names: String?) {
        #expect(throws: SettingsError.self) { try Self.read(Self.environment(count, names: names)) }
    }

    /// Descriptor 3 of a test is no listening socket, or nothing.
    @Test func aDescriptorThatDoesNotListenIsRefused() {
        let environment = ["LISTEN_PID": String(getpid()), "LISTEN_FDS": "1"]
        let error = #expect(throws: SettingsError.self) {
            try InheritedSockets(environment: environment, process: getpid())
        }
        #expect(error?.faults.first?.contains("no socket that listens") == true)
    }
}
