import Foundation
import Testing

/// Replies of Stripe's API as recorded by the pay-rails project; see SOURCES.md beside them.
enum Recordings {
    struct Exchange {
        let method: String
        let path: String
        let requestBody: String
        let status: Int
        let requestID: String?
        let date: String?
        let body: String
    }

    static let missing: Comment = "needs shared/fixtures/pay/vcr_json in a folder above the package"

    /// `shared/fixtures/pay/vcr_json` in the nearest folder above this file that has it.
    static let folder: URL? = {
        var folder = URL(fileURLWithPath: #filePath)
        while folder.pathComponents.count > 1 {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared/fixtures/pay/vcr_json")
            if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        }
        return nil
    }()

    static func all() throws -> [Exchange] {
        guard let folder else { return [] }
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "json" }.flatMap(exchanges(in:))
    }

    private static func exchanges(in file: URL) throws -> [Exchange] {
        let recorded = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]] ?? []
        return try recorded.compactMap { exchange in
            guard let request = exchange["request"] as? [String: Any], let path = request["path"] as? String,
                let method = request["method"] as? String, let response = exchange["response"] as? [String: Any], let status = response["status"] as? Int,
                let body = response["body"] as? [String: Any]
            else { return nil }
            let headers = response["headers"] as? [String: String]
            return Exchange(
                method: method,
                path: path,
                requestBody: request["body"] as? String ?? "",
                status: status,
                requestID: headers?["Request-Id"],
                date: headers?["Date"],
                body: String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
            )
        }
    }
}
