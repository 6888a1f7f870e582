import Foundation
import Glibc
import Logging
import Testing

@testable import portald

@Suite struct StartExtensionTests {
    @Test func asksForMoreTimeUntilTheWorkEnds() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "portald-\(UUID().uuidString)").path
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer {
            close(descriptor)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)

        let notification = try ServiceNotification(environment: ["NOTIFY_SOCKET": path])
        let start = StartExtension(notification: notification, logger: Logger(label: "test"))
        let said = start.during(every: .milliseconds(10), "At it.") { (0..<3).map { _ in next(from: descriptor) } }
        #expect(said == Array(repeating: "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=At it.", count: 3))
    }

    @Test func onlyWorksWhereNobodyListens() {
        let start = StartExtension(notification: nil, logger: Logger(label: "test"))
        #expect(start.during("At it.") { 42 } == 42)
    }

    /// What comes next, within a minute.
    private func next(from descriptor: CInt) -> String {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 60_000) == 1 else { return "nothing" }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    }
}
