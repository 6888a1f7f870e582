/// The type that a scrape announces.
enum PrometheusKind: String {
    case counter, gauge, histogram
}

/// One metric with one set of labels.
protocol PrometheusSeries: AnyObject, Sendable {
    /// Appends its lines.
    func write(_ name: String, _ labels: PrometheusLabels, to text: inout String)
}
