import Foundation
import Portal

/// The settings as they were written at one time, to be compared with those of another.
struct SettingsSnapshot: Sendable {
    /// Settings that name a file whose contents count too.
    private static let files = ["PORTALD_JWT_PUBLIC_KEY", "PORTALD_JWKS"]

    private var texts: [String: String] = [:]
    private var contents: [String: [UInt8]] = [:]

    init(_ source: SettingsSource) {
        for name in Settings.names {
            texts[name] = source.text(name)
        }
        for name in Self.files {
            guard let text = texts[name], !text.contains("://") else { continue }
            do throws(JSONWebKeySetError) {
                contents[name] = try JSONWebKeySetSource.contents(ofFile: text)
            } catch {
                // Whoever uses the file says what is wrong with it.
                continue
            }
        }
    }

    /// Whether a setting is the same in both.
    func agrees(with other: SettingsSnapshot, on name: String) -> Bool {
        texts[name] == other.texts[name] && contents[name] == other.contents[name]
    }
}
