import ArgumentParser
import Foundation

/// A time as an operator gives it: `2026-11-22T17:00:00Z` (RFC 3339), Unix seconds, or so long ago, `90s`, `15m`, `2h`, `3d`.
struct TimeArgument: ExpressibleByArgument, Hashable {
    private enum Kind: Hashable {
        case at(Double)
        case ago(Double)
    }

    static let help = "RFC 3339, Unix seconds, or how long ago: 90s, 15m, 2h, 3d"

    private let kind: Kind

    init?(argument: String) {
        if let parts = argument.wholeMatch(of: /([0-9]{1,9})([smhd])/)?.output, let number = Double(parts.1) {
            let units: [Substring: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
            kind = .ago(number * (units[parts.2] ?? 1))
        } else if argument.wholeMatch(of: /[0-9]{1,11}(\.[0-9]+)?/) != nil, let seconds = Double(argument) {
            kind = .at(seconds)
        } else if let date = Self.date(argument) {
            kind = .at(date.timeIntervalSince1970)
        } else {
            return nil
        }
    }

    /// The time in Unix seconds, where it is `now`.
    func seconds(now: Double) -> Double {
        switch kind {
        case .at(let seconds): seconds
        case .ago(let seconds): now - seconds
        }
    }

    private static func date(_ text: String) -> Date? {
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            do {
                return try style.parse(text)
            } catch {
                continue
            }
        }
        return nil
    }
}
