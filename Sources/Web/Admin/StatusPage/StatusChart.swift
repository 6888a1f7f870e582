internal import MirrorStore

/// Bars over time, as the page draws them: SVG's numbers, no text in the drawing.
struct StatusChart: Sendable, Hashable {
    /// One interval.
    struct Bar: Sendable, Hashable {
        var x: Int
        var y: Int
        var width: Int
        var height: Int
        /// What a pointer that rests on it is told.
        var title: String
    }

    static let width = 960
    static let height = 120
    /// The least height of a bar that stands for anything.
    static let minimumBar = 2

    /// What it shows, for whoever cannot see it.
    let summary: String
    /// What the top of the drawing stands for.
    let top: String
    /// What the left edge stands for.
    let beginning: String
    let bars: [Bar]
    /// Bars of nothing would be nothing to look at.
    var isEmpty: Bool { bars.isEmpty }

    /// Draws one number of each interval.
    ///
    /// - Parameters:
    ///   - activity: The intervals.
    ///   - name: What the number is of, for the summary.
    ///   - unit: What follows the number.
    ///   - value: The number; of zero no bar is drawn.
    init(_ activity: Activity, _ name: String, unit: String, value: (Activity.Interval) -> Int64) {
        let values = activity.intervals.map(value)
        let maximum = values.max() ?? 0
        let step = Self.width / max(1, values.count)
        let scale = Self.scale(above: maximum)
        top = "\(scale) \(unit)"
        beginning = "\(StatusVerdict.span(Double(activity.step) * Double(activity.intervals.count))) ago"
        summary =
            "\(name) during the last \(StatusVerdict.span(Double(activity.step) * Double(values.count))): "
            + "at most \(maximum) \(unit) in \(StatusVerdict.span(Double(activity.step)))."
        bars = zip(activity.intervals, values).enumerated().compactMap { index, pair in
            let (interval, value) = pair
            guard value > 0 else { return nil }
            let height = max(Self.minimumBar, Int(Double(value) / Double(scale) * Double(Self.height)))
            return Bar(
                x: index * step,
                y: Self.height - height,
                width: max(1, step - 2),
                height: height,
                title: "\(Self.timeOfDay(interval.start)) UTC: \(value) \(unit)"
            )
        }
    }

    /// The least of 1, 2, 5, 10, 20, 50… that is not below a number.
    static func scale(above maximum: Int64) -> Int64 {
        var power: Int64 = 1
        while power <= Int64.max / 100 {
            for factor: Int64 in [1, 2, 5] where factor * power >= maximum { return factor * power }
            power *= 10
        }
        return maximum
    }

    private static func timeOfDay(_ seconds: Int64) -> String {
        let minutes = (seconds % 86_400 + 86_400) % 86_400 / 60
        let (hour, minute) = (minutes / 60, minutes % 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}
