import MirrorStore
import Stripe
import Testing

@testable import Web

/// What a scrape says of the webhook endpoint, and that it says nothing where nobody has looked.
@Suite(.timeLimit(.minutes(10))) struct EndpointCollectorTests {
    @Test func saysWhatWasSeen() async throws {
        let folder = try TemporaryFolder()
        let (store, _) = try MirrorStore.open(path: folder.path("mirror.db"))
        let log = EndpointLog(store: store)
        let registry = PrometheusRegistry(help: EndpointCollector.help)
        let collector = EndpointCollector(log: log, registry: registry)
        func value(_ fault: EndpointFault.Kind) -> Substring? {
            let name = "portald_webhook_endpoint_fault{fault=\"\(fault.rawValue)\"} "
            return registry.text().split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
        }
        let checked = "portald_webhook_endpoint_checked_timestamp_seconds"

        await collector.collect()
        #expect(EndpointFault.Kind.allCases.map(value) == EndpointFault.Kind.allCases.map { _ in "NaN" })
        #expect(registry.text().contains("\(checked) 0\n"))

        let faults = [EndpointFault(.disabled), EndpointFault(.apiVersion)]
        _ = try await log.save(EndpointState(url: "u", endpoint: "we_1", faults: faults, since: 7, checkedAt: 8))
        await collector.collect()
        #expect(EndpointFault.Kind.allCases.map(value) == ["0", "1", "0", "0", "1", "0"])
        #expect(registry.text().contains("\(checked) 8\n"))

        try store.close()
        await collector.collect()
        #expect(value(.disabled) == "NaN")
        #expect(registry.text().contains("\(checked) NaN\n"))
        try folder.remove()
    }
}
