/// Labels as they are written, which is also their order.
struct PrometheusLabels: Hashable, Comparable {
    /// `name="value"`, separated by commas; empty where there are none.
    private let text: String
    /// Whether each name may be one.
    let areNamed: Bool

    init(_ dimensions: [(String, String)]) {
        areNamed = dimensions.allSatisfy { PrometheusText.isName($0.0) && !$0.0.contains(":") }
        text = dimensions.map { #"\#($0.0)="\#(PrometheusText.escaped(value: $0.1))""# }.joined(separator: ",")
    }

    static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    /// In braces, with one more label where one is given.
    func inBraces(adding further: String? = nil) -> String {
        let all = [text, further].compactMap(\.self).filter { !$0.isEmpty }
        return all.isEmpty ? "" : "{\(all.joined(separator: ","))}"
    }
}
