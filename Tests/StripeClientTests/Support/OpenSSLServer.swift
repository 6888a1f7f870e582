import Foundation

/// The `openssl s_server` command on loopback, with a certificate for 127.0.0.1 that it signed itself.
final class OpenSSLServer {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")

    let certificate: String
    let url: String
    private let folder: URL
    private let server: Process
    private let pipe: FileHandle

    init(_ arguments: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("portald-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appendingPathComponent("cert.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        let (maker, made) = Self.openssl(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ]
        )
        try maker.run()
        _ = try made.readToEnd()
        maker.waitUntilExit()
        guard maker.terminationStatus == 0 else { throw Failure(description: "openssl req failed") }

        (server, pipe) = Self.openssl(
            ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www", "-naccept", "1"]
                + arguments
        )
        try server.run()
        var text = ""
        while true {
            let data = pipe.availableData
            guard !data.isEmpty else { throw Failure(description: "openssl s_server ended: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            // Its line reads "ACCEPT 127.0.0.1:40123".
            if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT 127.0.0.1:") }),
                text.hasSuffix("\n"), let port = line.split(separator: ":").last
            {
                url = "https://127.0.0.1:\(port)"
                return
            }
        }
    }

    /// Waits for the end of the one connection that the server takes; returns what was printed since it began to listen.
    func output() throws -> String {
        let text = String(decoding: try pipe.readToEnd() ?? Data(), as: UTF8.self)
        server.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
        return text
    }

    private static func openssl(_ arguments: [String]) -> (Process, FileHandle) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        return (process, pipe.fileHandleForReading)
    }
}
