/// The spelling of names, numbers and texts.
/// https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information
enum PrometheusText {
    /// Whether a text may be a metric's name. https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", ":": true
            default: false
            }
        }
    }

    static func escaped(help: String) -> String {
        help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    static func escaped(value: String) -> String {
        escaped(help: value).replacing("\"", with: "\\\"")
    }

    /// As Go's `ParseFloat` reads it; whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
