import Foundation
import Stripe
import Testing

@testable import portald

@Suite struct EndpointCheckTests {
    private let check = EndpointCheck(
        expected: ExpectedEndpoint(
            url: nil,
            livemode: false,
            apiVersion: "2026-03-25.dahlia",
            types: ["customer.created", "customer.deleted"]
        )
    )

    private func endpoint(
        _ id: String,
        url: String = "https://a.example/webhooks/stripe",
        status: String = "enabled",
        version: String = "2026-03-25.dahlia",
        events: String = "*"
    ) throws -> EndpointRegistration {
        let text = """
            {"id":"\(id)","object":"webhook_endpoint","url":"\(url)","status":"\(status)","api_version":"\(version)",
            "enabled_events":["\(events)"],"livemode":false}
            """
        return try EndpointRegistration(JSON(parsing: Array(text.utf8)))
    }

    private func complaints(_ known: EndpointRegistration...) -> [String] {
        check.findings(known).filter { $0.level != .ok }.map { "\($0.check) \($0.level.rawValue)" }
    }

    @Test func itIsFoundByItsPath() throws {
        #expect(try complaints(endpoint("we_1")).isEmpty)
        #expect(try complaints(endpoint("we_1", url: "https://a.example/webhooks/stripe?x=1")).isEmpty)
        for url in ["https://a.example", "https://a.example/", "https://a.example/webhooks/stripe/2", "webhooks/stripe"] {
            #expect(try complaints(endpoint("we_1", url: url)) == ["webhook-endpoint failure"])
        }
    }

    @Test func ofSeveralTheOneThatWorksBestCounts() throws {
        let disabled = try endpoint("we_1", status: "disabled")
        let old = try endpoint("we_2", version: "2019-12-03")
        let good = try endpoint("we_3")
        #expect(check.expected.judge([disabled, old, good]).endpoint?.id == "we_3")
        #expect(check.expected.judge([disabled, old]).endpoint?.id == "we_2")
        #expect(complaints(disabled, good).isEmpty)
        #expect(complaints(old, good) == ["webhook-endpoint-count warning"])
        #expect(complaints(disabled) == ["webhook-endpoint failure"])
        #expect(complaints(old) == ["webhook-endpoint-version warning"])
    }

    @Test func aRepairAddsAndNeverTakesAway() throws {
        #expect(check.repair([]) == nil)
        var named = check
        named.expected.url = "https://b.example/hook"
        #expect(try named.repair([endpoint("we_1")]) == .create(url: "https://b.example/hook"))
        #expect(try check.repair([endpoint("we_1")]) == nil)
        #expect(
            try check.repair([endpoint("we_1", events: "customer.created")])
                == .update(id: "we_1", types: ["customer.created", "customer.deleted"])
        )
        #expect(try check.repair([endpoint("we_1", status: "disabled")]) == .update(id: "we_1", types: ["*"]))
    }

    @Test func theClockIsJudgedByTheTolerance() {
        func level(_ offset: Int64) -> Finding.Level {
            AccountCheck.clock(now: 1_000_000 + offset, stripe: 1_000_000, tolerance: 300).level
        }
        #expect([0, 5, -5].map(level) == [.ok, .ok, .ok])
        #expect([6, -6, 149].map(level) == [.warning, .warning, .warning])
        #expect([150, -150, 4000].map(level) == [.failure, .failure, .failure])
    }

    private static func file(_ mode: Int, of owner: String = "portald", at path: String = "p") -> FileObservation {
        FileObservation(path: path, state: .found(mode: mode, owner: owner, isReadable: true, isEmpty: false), user: "ada")
    }

    /// Root restores a backup, and the daemon is not root.
    @Test func theDatabaseBelongsToWhomItsFolderBelongsTo() throws {
        let folder = Self.file(0o700, of: "user 61234", at: "f")
        #expect(FileCheck.owner(Self.file(0o600, of: "user 61234"), in: folder)?.level == .ok)
        let restored = try #require(FileCheck.owner(Self.file(0o600, of: "root"), in: folder))
        #expect(restored.level == .failure && restored.remedy == "chown --reference=f/. p")
        #expect(FileCheck.owner(Self.file(0o600), in: Self.file(0o755, of: "root"))?.level == .ok)
        #expect(FileCheck.owner(FileObservation(path: "p", state: .absent, user: "ada"), in: folder) == nil)
    }

    /// systemd's folder of a dynamic user is a link, whose own mode is always 0777.
    @Test func aLinkIsJudgedByWhatItLeadsTo() throws {
        let folder = try Folder()
        let link = folder.url.appending(path: "link").path
        let target = folder.url.appending(path: "target").path
        try FileManager.default.createDirectory(
            atPath: target,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target")
        #expect(FileObservation(link).state == FileObservation(target).state)
        #expect(FileCheck.folder(FileObservation(link)).level == .ok)
        try FileManager.default.removeItem(atPath: target)
        #expect(FileObservation(link).state == .hidden)
        try folder.remove()
    }

    /// Not to be seen is not the same as not to be there.
    @Test func whatCannotBeReadIsNotCalledAbsent() {
        let hidden = FileObservation(path: "p", state: .hidden, user: "ada")
        #expect(FileCheck.database(hidden).level == .failure && FileCheck.folder(hidden).level == .failure)
        #expect(hidden.barrier == "p cannot be looked at by ada: a folder on the way is closed to them")
        let closed = FileObservation(
            path: "p",
            state: .found(mode: 0o600, owner: "portald", isReadable: false, isEmpty: false),
            user: "ada"
        )
        #expect(closed.barrier == "p cannot be read by ada: it belongs to portald (mode 0600)")
        // Its mode is as it should be.
        #expect(FileCheck.database(closed).level == .ok)
        let absent = FileObservation(path: "p", state: .absent, user: "ada")
        #expect(absent.barrier == nil && FileCheck.database(absent).level == .warning)
    }

    @Test func modesAndRoomAreJudged() {
        #expect(FileCheck.database(Self.file(0o600)).level == .ok)
        #expect(FileCheck.database(Self.file(0o604)).remedy == "chmod 600 p")
        #expect(FileCheck.folder(Self.file(0o755)).level == .ok)
        #expect(FileCheck.folder(Self.file(0o1777)).level == .ok)
        #expect(FileCheck.folder(Self.file(0o775)).level == .failure)
        #expect(FileCheck.config(Self.file(0o644), holdsSecrets: false).level == .ok)
        #expect(FileCheck.config(Self.file(0o640), holdsSecrets: true).level == .failure)
        #expect([0, 200 << 20, 2 << 30].map { FileCheck.disk(free: $0, folder: "p").level } == [.failure, .warning, .ok])
    }
}
