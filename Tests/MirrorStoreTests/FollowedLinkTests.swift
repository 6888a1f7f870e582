import Foundation
import Testing

@testable import MirrorStore

@Suite struct FollowedLinkTests {
    @Test func leadsFromOneFileToTheNextInOneStep() async throws {
        try await TestMirror.inFolder { folder in
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(try link.target() == nil)
            let files = try link.unusedFiles(at: 0)
            #expect(files == [link.path + ".1", link.path + ".2"])
            try folder.write("one", to: "portald.db.1")
            try folder.write("", to: "portald.db.1-txid")
            try link.lead(to: files[0])
            #expect(try link.target() == "portald.db.1")

            try folder.write("two", to: "portald.db.2")
            try folder.write("", to: "portald.db.1-txid")
            for suffix in ["-txid", "-wal", "-shm", ".tmp"] { try folder.write("", to: "portald.db.1\(suffix)") }
            #expect(try link.unusedFiles(at: 0) == [link.path + ".3", link.path + ".4"])
            try folder.write("", to: "portald.db.2-txid")
            try link.lead(to: link.path + ".2")
            #expect(try String(contentsOfFile: link.path, encoding: .utf8) == "two")
            try link.removeFiles(except: link.unusedFiles(at: 0) + [link.target()])
            #expect(try folder.names() == ["portald.db", "portald.db.2", "portald.db.2-txid"])
        }
    }

    /// A mirror of the machine's own is nobody else's to replace.
    @Test func doesNotTakeTheNameOfAFile() async throws {
        try await TestMirror.inFolder { folder in
            try folder.write("mine", to: "portald.db")
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(throws: FollowedLink.Occupied.byOwnMirror(path: link.path)) { try link.target() }
        }
    }

    @Test func leavesAloneWhatIsNotItsOwn() async throws {
        try await TestMirror.inFolder { folder in
            let others = ["portald.db.1.backup", "portald.db.damaged-17", "other.db.1"]
            for name in others { try folder.write("", to: name) }
            try folder.write("", to: "portald.db.7.tmp")
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(try link.unusedFiles(at: 0).first == link.path + ".8")
            try link.removeFiles(except: [])
            #expect(try folder.names() == others.sorted())
        }
    }
}

extension URL {
    fileprivate func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: appending(path: name))
    }

    fileprivate func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}
