import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore

@testable import Sandbox

let startOfTests = 1_790_000_000

/// Runs a sandbox on a port of the system's choice while the body runs.
func withSandbox<Value: Sendable>(
    _ configure: (inout SandboxConfiguration) -> Void = { _ in },
    _ body: @Sendable (Sandbox, StripeAPI) async throws -> Value
) async throws -> Value {
    var configuration = SandboxConfiguration { startOfTests }
    configuration.seed = 42
    configure(&configuration)
    var logger = Logger(label: "sandbox")
    logger.logLevel = .critical
    let sandbox = try Sandbox(configuration, logger: logger)
    return try await withThrowingTaskGroup { group in
        group.addTask { try await sandbox.run() }
        let api = StripeAPI(port: try await sandbox.port(), key: configuration.secretKey)
        let value = try await body(sandbox, api)
        group.cancelAll()
        return value
    }
}

/// A caller of the sandbox over a real socket.
struct StripeAPI: Sendable {
    struct Reply: Sendable {
        var status: Int
        var headers: HTTPFields
        var text: String
        var body: JSONObject

        var error: JSONObject { body["error"]?.object ?? [:] }
        var data: [JSONObject] { body["data"]?.array?.compactMap(\.object) ?? [] }
        var ids: [String] { data.compactMap { $0["id"]?.string } }

        func header(_ name: String) -> String? {
            HTTPField.Name(name).flatMap { headers[$0] }
        }
    }

    var port: Int
    var key: String

    func get(_ target: String, headers: [String: String] = [:], parsing: Bool = true) async throws -> Reply {
        try await call(.get, target, headers: headers, parsing: parsing)
    }

    func post(
        _ path: String,
        _ form: StripeParameters = [:],
        headers: [String: String] = [:]
    ) async throws -> Reply {
        try await call(.post, path, form, headers: headers)
    }

    func delete(_ path: String, _ form: StripeParameters = [:]) async throws -> Reply {
        try await call(.delete, path, form)
    }

    func call(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ form: StripeParameters = [:],
        headers: [String: String] = [:],
        parsing: Bool = true
    ) async throws -> Reply {
        var fields: HTTPFields = [.authorization: "Bearer \(key)"]
        for (name, value) in headers { fields[HTTPField.Name(name)!] = value }
        let body = form.entries.isEmpty ? nil : ByteBuffer(string: form.encoded)
        if let body {
            fields[.contentType] = "application/x-www-form-urlencoded"
            fields[.contentLength] = String(body.readableBytes)
        }
        let request = TestClient.Request(
            target,
            method: method,
            authority: "127.0.0.1:\(port)",
            headers: fields,
            body: body
        )
        let response = try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
            try await client.execute(request)
        }
        let text = response.body.map { String(buffer: $0) } ?? ""
        let isJSON = response.headers[.contentType]?.hasPrefix("application/json") ?? false
        return Reply(
            status: response.status.code,
            headers: response.headers,
            text: text,
            body: isJSON && parsing ? try JSONObject(parsing: text) : [:]
        )
    }
}

extension StripeParameters {
    /// The parameters as a client would encode them.
    var encoded: String {
        entries.flatMap { $0.value.pairs(name: $0.name) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }
}

extension FormValue {
    fileprivate func pairs(name: String) -> [(String, String)] {
        switch self {
        case .text(let text): [(name.escaped, text.escaped)]
        case .nested(let nested): nested.entries.flatMap { $0.value.pairs(name: "\(name)[\($0.name)]") }
        }
    }
}

extension String {
    var escaped: String {
        utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            case UInt8(ascii: " "): "+"
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
