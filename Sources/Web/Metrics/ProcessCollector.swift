internal import FoundationEssentials
internal import Glibc

/// What the system knows of the process, under the names that all Prometheus clients use.
/// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
public struct ProcessCollector: MetricsCollector {
    /// What each metric says, by its name.
    public static let help = [
        cpuName: "Total user and system CPU time spent in seconds.",
        residentName: "Resident memory size in bytes.",
        virtualName: "Virtual memory size in bytes.",
        openName: "Number of open file descriptors.",
        limitName: "Maximum number of open file descriptors.",
        startName: "Start time of the process since unix epoch in seconds.",
        buildName: "1, with the version of portald.",
    ]

    private static let cpuName = "process_cpu_seconds_total"
    private static let residentName = "process_resident_memory_bytes"
    private static let virtualName = "process_virtual_memory_bytes"
    private static let openName = "process_open_fds"
    private static let limitName = "process_max_fds"
    private static let startName = "process_start_time_seconds"
    private static let buildName = "portald_build_info"

    private let cpu: PrometheusValue
    private let resident: PrometheusValue
    private let virtual: PrometheusValue
    private let open: PrometheusValue
    private let limit: PrometheusValue

    /// - Parameters:
    ///   - version: portald's version.
    ///   - startedAt: When the process began, Unix seconds: under `ProcSubset=pid` the system does not say.
    ///   - registry: Gets the metrics.
    public init(version: String, startedAt: Double, registry: PrometheusRegistry) {
        cpu = registry.counter(Self.cpuName)
        resident = registry.gauge(Self.residentName)
        virtual = registry.gauge(Self.virtualName)
        open = registry.gauge(Self.openName)
        limit = registry.gauge(Self.limitName)
        registry.gauge(Self.startName).show(startedAt)
        registry.gauge(Self.buildName, [("version", version)]).show(1)
    }

    func collect() {
        let memory = Self.memory
        cpu.show(Self.cpuSeconds)
        resident.show(memory?.resident)
        virtual.show(memory?.virtual)
        open.show(Self.openDescriptors)
        limit.show(Self.descriptorLimit)
    }

    private static var cpuSeconds: Double? {
        let ticks = clock()
        // A million a second on every POSIX system: https://man7.org/linux/man-pages/man3/clock.3.html
        return ticks < 0 ? nil : Double(ticks) / 1_000_000
    }

    /// `/proc/self/statm` counts pages: all, then those in memory. https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
    private static var memory: (virtual: Double, resident: Double)? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
        let pages = text.split(separator: " ").prefix(2).compactMap { Double($0) }
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        return pages.count == 2 && pageSize > 0 ? (pages[0] * pageSize, pages[1] * pageSize) : nil
    }

    /// Nil where none is left to look with.
    private static var openDescriptors: Double? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") else { return nil }
        // One of them was open for this look only.
        return Double(names.count - 1)
    }

    private static var descriptorLimit: Double? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }
}
