import Foundation
import Glibc
import Testing

@testable import portald

@Suite struct ServiceNotificationTests {
    @Test func isSilentWhereNobodyListens() throws {
        #expect(try ServiceNotification(environment: [:]) == nil)
        #expect(try ServiceNotification(environment: ["NOTIFY_SOCKET": ""]) == nil)
    }

    @Test(arguments: ["relative", "@", "/", "/a\0b", "/" + String(repeating: "a", count: 107), "vsock:2:1234"])
    func refusesWhatIsNoAddress(_ text: String) {
        if text != "/" { #expect(UnixDatagramAddress(text) == nil) }
        #expect(UnixDatagramAddress(String(repeating: "@", count: 109)) == nil)
        #expect(UnixDatagramAddress("/" + String(repeating: "a", count: 106)) != nil)
    }

    @Test func saysItInSystemdsWords() throws {
        #expect(ServiceNotification.State.ready.line == "READY=1")
        #expect(ServiceNotification.State.stopping.line == "STOPPING=1")
        #expect(ServiceNotification.State.reloading.line.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil)
        #expect(ServiceNotification.State.watchdog.line == "WATCHDOG=1")
        #expect(ServiceNotification.State.status("two\nlines\r\n").line == "STATUS=two lines ")
    }

    @Test func aReceiverThatIsGoneIsAnError() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "portald-\(UUID().uuidString)").path
        let notification = try #require(try ServiceNotification(environment: ["NOTIFY_SOCKET": path]))
        #expect(throws: UnixDatagramAddress.SendError.self) { try notification.send([.ready]) }
    }
}
