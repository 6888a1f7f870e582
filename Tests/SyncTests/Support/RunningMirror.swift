import Foundation
import MirrorStore
import Stripe
import Sync
import Testing

/// A mirror in a folder of its own, with a writer that runs.
struct RunningMirror: Sendable {
    let store: MirrorStore
    let intake: WebhookIntake
    let replay: EventReplay

    var log: EventLog { EventLog(store: store) }

    static func run<Value: Sendable>(
        livemode: Bool = false,
        _ body: @Sendable (RunningMirror) async throws -> Value
    ) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "portald-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (store, _) = try MirrorStore.open(path: folder.appending(path: "mirror.db").path)
        let writer = MirrorWriter(store: store, metadataKey: "user_id", livemode: livemode)
        let intake = WebhookIntake(
            secrets: try [Events.secret, Events.nextSecret].map { try #require(WebhookSecret($0)) },
            tolerance: 300,
            livemode: livemode,
            writer: writer
        )
        let replay = EventReplay(log: EventLog(store: store), writer: writer, livemode: livemode)
        let value = try await withThrowingTaskGroup { group in
            group.addTask { await writer.run() }
            let value = try await body(RunningMirror(store: store, intake: intake, replay: replay))
            group.cancelAll()
            try await group.waitForAll()
            return value
        }
        try store.close()
        try FileManager.default.removeItem(at: folder)
        return value
    }

    /// Takes in a body, signed now.
    func receive(_ body: String) async throws -> WebhookIntake.Receipt {
        try await intake.receive(
            body: Array(body.utf8),
            signature: Events.signature(of: body),
            now: Double(Events.now)
        )
    }

    func entries() throws -> [EventLog.Entry] {
        try log.entries(.init(limit: 1000))
    }

    func customers(of user: String) async throws -> [String] {
        try await MirrorReader(store: store).snapshot(of: UserID(user)).customers.map(\.id)
    }
}
