import Foundation
import Testing

@testable import MirrorStore

/// A file that two programs would like to have: Litestream to write, everyone else to read.
@Suite struct FollowedHoldTests {
    /// Litestream's own way to the file: the locks that it takes before it writes.
    private final class Writer: Sendable {
        private static let pendingByte = 0x4000_0000
        private let descriptor: CInt

        init(_ path: String) {
            descriptor = unsafe open(path, O_RDWR)
        }

        deinit {
            close(descriptor)
        }

        /// Whether it may write, as far as the pending byte tells; a lock of the open file, which is nobody else's.
        func lock(_ type: Int32 = F_WRLCK) -> Bool {
            var lock = flock()
            lock.l_type = Int16(type)
            lock.l_whence = Int16(SEEK_SET)
            lock.l_start = Self.pendingByte
            lock.l_len = type == F_UNLCK ? 0 : 1
            let setLock: CInt = 37
            return unsafe fcntl(descriptor, setLock, &lock) == 0
        }
    }

    private static func file(in folder: URL, _ name: String = "mirror.db.1", beat: Double = 1) async throws -> String {
        let path = folder.appending(path: name).path
        let (store, _) = try MirrorStore.open(path: path)
        try await ReplicationLog(store: store).beat(at: beat, every: 1)
        try store.close()
        try Data("0000000000000001\n".utf8).write(to: URL(filePath: path + "-txid"))
        return path
    }

    @Test func keepsTheWriterOutAndLetsReadersIn() async throws {
        try await TestMirror.inFolder { folder in
            let path = try await Self.file(in: folder)
            let writer = Writer(path)
            var hold = try FollowedHold(of: path)
            #expect(hold != nil && !writer.lock())
            let store = MirrorStore.openFollowed(path: path, livemode: nil)
            #expect(try await ReplicationLog(store: store).state().heartbeatAt == 1)
            try store.close()
            // As long as anybody holds it.
            let other = try FollowedHold(of: path)
            hold = nil
            #expect(!writer.lock())
            withExtendedLifetime(other) {}
        }
    }

    @Test func endsWithItsLastUse() async throws {
        try await TestMirror.inFolder { folder in
            let path = try await Self.file(in: folder)
            var hold = try FollowedHold(of: path)
            #expect(hold != nil)
            hold = nil
            #expect(Writer(path).lock())
        }
    }

    @Test func doesNotTakeWhatIsBeingWrittenTo() async throws {
        try await TestMirror.inFolder { folder in
            let path = try await Self.file(in: folder)
            let writer = Writer(path)
            #expect(writer.lock())
            #expect(try FollowedHold(of: path) == nil)
            #expect(writer.lock(F_UNLCK))
            // Litestream was cut off.
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: path)
            #expect(try FollowedHold(of: path) == nil)
            // A refusal leaves nothing locked.
            #expect(writer.lock())
        }
    }

    @Test func aFileThatIsMissingIsAnError() async throws {
        try await TestMirror.inFolder { folder in
            let path = folder.appending(path: "missing").path
            let error = #expect(throws: MirrorError.self) { try FollowedHold(of: path) }
            #expect(error?.description.contains("No such file") == true)
        }
    }

    /// The name leads from one file to another, and the first is Litestream's then.
    @Test func aReaderGoesOnToTheOtherFile() async throws {
        try await TestMirror.inFolder { folder in
            let files = [try await Self.file(in: folder), try await Self.file(in: folder, "mirror.db.2", beat: 2)]
            let name = folder.appending(path: "mirror.db").path
            func lead(to file: String) throws {
                let draft = name + ".link"
                try FileManager.default.createSymbolicLink(atPath: draft, withDestinationPath: file)
                try #require(unsafe rename(draft, name) == 0)
            }
            try lead(to: files[0])
            let store = MirrorStore.openFollowed(path: name, livemode: nil)
            let log = ReplicationLog(store: store)
            #expect(try await log.state().heartbeatAt == 1)
            let writer = Writer(files[0])
            #expect(writer.lock())
            async let read = log.state().heartbeatAt
            try lead(to: files[1])
            #expect(try await read == 2)
            #expect(writer.lock(F_UNLCK))
            try lead(to: files[0])
            #expect(try await log.state().heartbeatAt == 1)
            try store.close()
        }
    }
}
