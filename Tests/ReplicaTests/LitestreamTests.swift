import Foundation
import Logging
import MirrorStore
import TestSupport
import Testing

@testable import Replica

/// How the program is called and what is made of what it says; what Litestream itself does, the end-to-end tests see.
@Suite(.timeLimit(.minutes(5))) struct LitestreamTests {
    private static let configuration = """
        dbs:
          - path: ${PORTALD_DATABASE}
            replica:
              path: /replica/${PORTALD_REPLICA}
        """

    /// Hands out a Litestream that is a line of shell.
    private static func with(
        _ script: String,
        environment: [String: String] = [:],
        logger: Logger = LogCapture().logger,
        _ body: (Litestream, URL) async throws -> Void
    ) async throws {
        try await TemporaryFolder.with { folder in
            try folder.write(configuration, to: "litestream.yml")
            try folder.write("#!/bin/sh\n\(script)\n", to: "litestream")
            let program = folder.appending(path: "litestream").path
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            let file = folder.appending(path: "litestream.yml").path
            try await body(
                Litestream(
                    program: program,
                    configuration: LitestreamConfiguration(path: file),
                    environment: environment,
                    patience: .seconds(240),
                    logger: logger
                ),
                folder
            )
        }
    }

    @Test(arguments: [
        ("dbs: ${PORTALD_DATABASE}", "${PORTALD_REPLICA}"), ("path: ${PORTALD_REPLICA}", "${PORTALD_DATABASE}"), ("", "${PORTALD_DATABASE}"),
    ])
    func aConfigurationWithoutAVariableIsRefused(text: String, missing: String) throws {
        try TemporaryFolder.with { folder in
            try folder.write(text, to: "litestream.yml")
            let error = #expect(throws: LitestreamError.self) {
                try LitestreamConfiguration(path: folder.appending(path: "litestream.yml").path)
            }
            #expect(error?.description.contains(missing) == true)
        }
    }

    @Test func eachEpochHasPlacesOfItsOwn() {
        #expect([ReplicaPart.mirror(epoch: 1), .mirror(epoch: 2), .claim(epoch: 2)].map(\.path) == ["epochs/1", "epochs/2", "claims/2"])
    }

    @Test func isToldTheFileAndThePlace() async throws {
        let script = #"echo "$@" "$PORTALD_DATABASE" "$PORTALD_REPLICA" >"$(dirname "$0")/said""#
        try await Self.with(script) { litestream, folder async throws in
            try await litestream.copy("/x/claim.db", to: .claim(epoch: 3), within: .seconds(240))
            let said = try String(contentsOf: folder.appending(path: "said"), encoding: .utf8)
            #expect(said == "replicate -config \(folder.path)/litestream.yml -once /x/claim.db claims/3\n")
        }
    }

    @Test func isGivenTheReplicasKeys() async throws {
        let environment = ["LITESTREAM_ACCESS_KEY_ID": "id", "PORTALD_REPLICA": "elsewhere"]
        try await Self.with(#"echo "$LITESTREAM_ACCESS_KEY_ID in $PORTALD_REPLICA""#, environment: environment) { litestream, _ async throws in
            // Which place of the replica is meant is not for the operator to say.
            #expect(try await litestream.version() == "idinepochs/1")
        }
    }

    @Test(arguments: [
        ("echo '[]'", nil),
        ("printf '%s\\n' 'level=WARN msg=x' '[' '{\"max_txid\":\"000a\",\"level\":0},' '{\"max_txid\":\"0009\",\"level\":0}' ']'", "000a"),
    ])
    func readsWhereTheReplicaIs(script: String, position: String?) async throws {
        try await Self.with(script) { litestream, _ async throws in
            #expect(try await litestream.position(of: .mirror(epoch: 1)) == position)
            #expect(try await litestream.holds(.mirror(epoch: 1)) == (position != nil))
        }
    }

    @Test func failsWithItsLastWord() async throws {
        try await Self.with("echo one; echo 'Error: no matching backup files available' >&2; exit 1") { litestream, _ async throws in
            await #expect(throws: LitestreamError.failed("no matching backup files available")) {
                try await litestream.restoreFirst(.claim(epoch: 1), to: "/x")
            }
        }
    }

    @Test func isMissed() async throws {
        try await TemporaryFolder.with { folder in
            try folder.write(Self.configuration, to: "litestream.yml")
            let litestream = Litestream(
                program: folder.appending(path: "nothing").path,
                configuration: try LitestreamConfiguration(path: folder.appending(path: "litestream.yml").path),
                logger: LogCapture().logger
            )
            await #expect(throws: LitestreamError.self) { try await litestream.version() }
        }
    }

    /// One that does not answer is killed: what it was about to write may not be written later.
    @Test func isKilledWhenItTakesTooLong() async throws {
        let script = #"trap '' TERM INT; echo $$ >"$(dirname "$0")/process"; while :; do sleep 1; done"#
        try await Self.with(script) { litestream, folder async throws in
            await #expect(throws: LitestreamError.timedOut) {
                try await litestream.copy("/x/claim.db", to: .claim(epoch: 3), within: .seconds(1))
            }
            let process = try String(contentsOf: folder.appending(path: "process"), encoding: .utf8)
            let number = try #require(pid_t(process.filter(\.isNumber)))
            #expect(kill(number, 0) == -1)
        }
    }

    @Test func itsTroubleIsLoggedAndItsWorkIsNot() async throws {
        let log = LogCapture(level: .info)
        let script = "echo 'level=INFO msg=copied'; echo 'level=ERROR msg=\"disk full\"'; exit 1"
        try await Self.with(script, logger: log.logger) { litestream, _ async throws in
            await #expect(throws: LitestreamError.self) { try await litestream.replicate("/x.db", to: .mirror(epoch: 1)) }
        }
        #expect(log.entries.map { $0.fields["says"] } == ["level=ERROR msg=\"disk full\""])
    }
}
