import Foundation
import Testing

@testable import Replica

@Suite struct FollowedLinkTests {
    @Test func leadsFromOneFileToTheNextInOneStep() throws {
        try TemporaryFolder.with { folder in
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(try link.target() == nil)
            let files = try link.unusedFiles()
            #expect(files == [link.path + ".1", link.path + ".2"])
            try folder.write("one", to: "portald.db.1")
            try link.lead(to: files[0])
            #expect(try link.target() == "portald.db.1")

            try folder.write("two", to: "portald.db.2")
            for suffix in ["-txid", "-wal", "-shm", ".tmp"] { try folder.write("", to: "portald.db.1\(suffix)") }
            #expect(try link.unusedFiles() == [link.path + ".3", link.path + ".4"])
            try link.lead(to: link.path + ".2")
            #expect(try String(contentsOfFile: link.path, encoding: .utf8) == "two")
            try link.removeFiles(except: link.unusedFiles() + [link.target()])
            #expect(try folder.names() == ["portald.db", "portald.db.2"])
        }
    }

    /// A mirror of the machine's own is nobody else's to replace.
    @Test func doesNotTakeTheNameOfAFile() throws {
        try TemporaryFolder.with { folder in
            try folder.write("mine", to: "portald.db")
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(throws: FollowedLink.Occupied(path: link.path)) { try link.target() }
        }
    }

    @Test func leavesAloneWhatIsNotItsOwn() throws {
        try TemporaryFolder.with { folder in
            let others = ["portald.db.1.backup", "portald.db.damaged-17", "portald.db-promotion", "other.db.1"]
            for name in others { try folder.write("", to: name) }
            try folder.write("", to: "portald.db.7.tmp")
            let link = FollowedLink(path: folder.appending(path: "portald.db").path)
            #expect(try link.unusedFiles().first == link.path + ".8")
            try link.removeFiles(except: [])
            #expect(try folder.names() == others.sorted())
        }
    }
}
