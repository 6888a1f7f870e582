import Metrics
import Testing

@testable import Web

/// The text that Prometheus scrapes, against the examples and rules of the exposition format.
@Suite struct PrometheusRegistryTests {
    @Test func writesFamiliesInTheOrderOfTheirNames() {
        let registry = PrometheusRegistry(help: ["b_total": "Bees.", "a": "Apples."])
        Counter(label: "b_total", dimensions: [("kind", "y")], factory: registry).increment(by: 2)
        Counter(label: "b_total", dimensions: [("kind", "x")], factory: registry).increment()
        FloatingPointCounter(label: "b_total", dimensions: [("kind", "x")], factory: registry).increment(by: 0.5)
        Gauge(label: "a", factory: registry).record(-1.25)
        #expect(
            registry.text() == """
                # HELP a Apples.
                # TYPE a gauge
                a -1.25
                # HELP b_total Bees.
                # TYPE b_total counter
                b_total{kind="x"} 1.5
                b_total{kind="y"} 2

                """
        )
    }

    @Test func aHistogramCountsWhatIsAtMostItsBound() {
        let registry = PrometheusRegistry(help: [:])
        let recorder = Recorder(label: "sizes", dimensions: [("of", "batch")], factory: registry)
        for value in [1, 2, 256, 257] { recorder.record(value) }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.first == "# TYPE sizes histogram")
        #expect(lines[1] == #"sizes_bucket{of="batch",le="1"} 1"#)
        #expect(lines[2] == #"sizes_bucket{of="batch",le="2"} 2"#)
        #expect(lines[3] == #"sizes_bucket{of="batch",le="4"} 2"#)
        #expect(lines[9] == #"sizes_bucket{of="batch",le="256"} 3"#)
        #expect(
            lines[10...] == [
                #"sizes_bucket{of="batch",le="+Inf"} 4"#, #"sizes_sum{of="batch"} 516"#, #"sizes_count{of="batch"} 4"#,
            ]
        )
    }

    @Test func aTimerIsInSeconds() {
        let registry = PrometheusRegistry(help: [:])
        let timer = Metrics.Timer(label: "t_seconds", factory: registry)
        timer.record(duration: .milliseconds(250))
        timer.record(duration: .seconds(31))
        let text = registry.text()
        #expect(text.contains("t_seconds_bucket{le=\"0.1\"} 0\nt_seconds_bucket{le=\"0.25\"} 1\n"))
        #expect(text.contains("t_seconds_bucket{le=\"30\"} 1\nt_seconds_bucket{le=\"+Inf\"} 2\n"))
        #expect(text.hasSuffix("t_seconds_sum 31.25\nt_seconds_count 2\n"))
    }

    @Test func escapesWhatWouldEndALine() {
        let registry = PrometheusRegistry(help: ["a": "back\\slash and\nline \"quoted\""])
        Gauge(label: "a", dimensions: [("path", "C:\\DIR\n\"x\"")], factory: registry).record(1)
        #expect(
            registry.text() == """
                # HELP a back\\\\slash and\\nline "quoted"
                # TYPE a gauge
                a{path="C:\\\\DIR\\n\\"x\\""} 1

                """
        )
    }

    @Test(arguments: [
        (0.0, "0"), (3, "3"), (-3, "-3"), (0.1, "0.1"), (1.7e9 + 0.5, "1700000000.5"), (1e300, "1e+300"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ]) func spellsNumbersAsGoReadsThem(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    @Test(arguments: [
        ("portald_a_total", true), ("_a:b9", true), ("", false), ("9a", false), ("a-b", false), ("ä", false),
        ("a b", false),
    ]) func knowsANameWhenItSeesOne(text: String, isName: Bool) {
        #expect(PrometheusText.isName(text) == isName)
    }

    @Test func theSameNameAndLabelsAreTheSameMetric() {
        let registry = PrometheusRegistry(help: [:])
        for _ in 0..<3 { Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment() }
        let meter = Meter(label: "level", factory: registry)
        meter.increment(by: 3)
        meter.decrement(by: 1)
        #expect(registry.text().contains("a_total{x=\"1\"} 3\n"))
        #expect(registry.text().contains("level 2\n"))
    }

    @Test func countsFromManyTasksAtOnce() async {
        let registry = PrometheusRegistry(help: [:])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "a_total", factory: registry)
                    let recorder = Recorder(label: "b", factory: registry)
                    for value in 0..<1000 {
                        counter.increment()
                        recorder.record(value % 3)
                    }
                }
            }
        }
        #expect(registry.text().contains("a_total 8000\n"))
        #expect(registry.text().contains("b_count 8000\n"))
    }
}
