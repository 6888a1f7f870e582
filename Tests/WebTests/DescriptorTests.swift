import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
    /// In a process of its own, since the lack hits all of a process.
    @Test func outlivesALackOfFileDescriptors() async {
        await #expect(processExitsWith: .success) {
            try await RunningAPI.run { api in
                try await RawConnection.open(to: api.address) { first in
                    // Once it is answered it is accepted, and takes no descriptor any more.
                    try await first.send(RawRequest().text)
                    #expect(try await first.reply().status == 200)
                    var limit = rlimit()
                    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                    limit.rlim_cur = 128
                    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                    var taken: [Int32] = []
                    while case let file = Glibc.open("/dev/null", O_RDONLY), file >= 0 { taken.append(file) }
                    // One for the client's end of a connection, none for the server's.
                    if let last = taken.popLast() { Glibc.close(last) }
                    try await RawConnection.open(to: api.address) { second in
                        try await second.send(RawRequest().text)
                        for _ in 0..<100 {
                            try await first.send(RawRequest().text)
                            #expect(try await first.reply().status == 200)
                        }
                        for file in taken { Glibc.close(file) }
                        #expect(try await second.reply().status == 200)
                    }
                }
                #expect(try await api.send("GET", "/healthz").status == 200)
            }
        }
    }
}
