import Testing

@testable import Web

@Suite(.timeLimit(.minutes(10))) struct StaticAssetTests {
    private static let files = [
        ("/portald.js", "text/javascript; charset=utf-8"), ("/portald.d.ts", "text/plain; charset=utf-8"),
        ("/openapi.json", "application/json"),
    ]

    @Test(arguments: files)
    func isServedWithAnEntityTag(_ path: String, contentType: String) async throws {
        try await RunningAPI.run { api in
            let reply = try await api.send("GET", path, headers: [("Origin", RunningAPI.frontend)])
            #expect(reply.status == 200)
            #expect(reply.header("Content-Type") == contentType)
            #expect(reply.header("Cache-Control") == "public, max-age=3600, stale-while-revalidate=86400")
            #expect(reply.header("X-Content-Type-Options") == "nosniff")
            #expect(reply.header("Vary") == "Origin")
            #expect(reply.header("Access-Control-Allow-Origin") == RunningAPI.frontend)
            let tag = try #require(reply.header("ETag"))
            #expect(tag.wholeMatch(of: #/"[A-Za-z0-9+/=]{44}"/#) != nil)
            #expect(try await api.send("GET", path).header("ETag") == tag)
            #expect(try await api.send("HEAD", path).header("ETag") == tag)
        }
    }

    @Test(arguments: files.map(\.0))
    func isNotSentTwice(_ path: String) async throws {
        try await RunningAPI.run { api in
            let first = try await api.send("GET", path)
            let tag = try #require(first.header("ETag"))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "\(tag),W/\"other\"", "*"] {
                // A second reply on the connection shows that none of the file follows.
                let (reply, next) = try await RawConnection.open(to: api.address) { connection in
                    let request = RawRequest(target: path, headers: [("If-None-Match", known)])
                    try await connection.send(request.text + RawRequest().text)
                    return (try await connection.reply(to: "HEAD"), try await connection.reply())
                }
                #expect(reply.status == 304, "\(known)")
                #expect(reply.header("ETag") == tag)
                #expect(reply.header("Cache-Control") == first.header("Cache-Control"))
                #expect(reply.header("Vary") == "Origin")
                #expect(next.body == "ok")
            }
            for unknown in ["\"other\"", "", String(tag.dropLast()), tag.replacing("\"", with: "")] {
                let reply = try await api.send("GET", path, headers: [("If-None-Match", unknown)])
                #expect(reply.status == 200, "\(unknown)")
                #expect(reply.body == first.body)
            }
        }
    }

    /// The limit, so that the module stays what a page can load without thought.
    @Test func keepsTheModuleSmall() {
        #expect(PackageResources.portald_js.count < 3 * 1024)
    }
}
