import MirrorStore
import Testing

@testable import Web

/// What a scrape says of the mirror: ages by the clock that is handed in, and nothing that it does not know.
@Suite(.timeLimit(.minutes(10))) struct MirrorCollectorTests {
    static let now: Double = 1_700_000_000

    @Test func saysWhatTheMirrorKnows() async throws {
        try await Self.collect { store in
            try await SyncLog(store: store).markSwept(to: 1, at: Self.now - 60)
        } expecting: { text in
            #expect(text.contains("portald_mirror_readable 1\n"))
            #expect(text.contains("portald_mirror_filled 0\n"))
            #expect(text.contains("portald_sweep_finished_timestamp_seconds \(Int(Self.now - 60))\n"))
            #expect(text.contains("portald_verification_finished_timestamp_seconds 0\n"))
            #expect(text.contains("portald_oldest_unverified_seconds 0\n"))
            #expect(!text.contains(" NaN\n"))
        }
    }

    /// A number that is out of date would hide the fault, and a zero would raise other alerts beside the right one.
    @Test func aMirrorThatCannotBeReadHasNoNumbers() async throws {
        try await Self.collect { store in
            try store.close()
        } expecting: { text in
            #expect(text.contains("portald_mirror_readable 0\n"))
            #expect(text.contains("portald_writer_queue_events 0\n"))
            for name in ["portald_mirror_filled", "portald_sweep_finished_timestamp_seconds", "portald_database_size_bytes"] {
                #expect(text.contains("\(name) NaN\n"), "\(name)")
            }
        }
    }

    private static func collect(
        after prepare: (MirrorStore) async throws -> Void,
        expecting check: (String) -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let (store, _) = try MirrorStore.open(path: folder.path("mirror.db"))
        let registry = PrometheusRegistry(help: MirrorCollector.help)
        let collector = MirrorCollector(
            store: store,
            writer: MirrorWriter(store: store, metadataKey: "user_id", livemode: false),
            now: { now },
            registry: registry
        )
        try await prepare(store)
        await collector.collect()
        check(registry.text())
        try store.close()
        try folder.remove()
    }
}
