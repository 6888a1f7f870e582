public import MirrorStore

/// What the mirror knows of itself, and the queue before it.
public struct MirrorCollector: MetricsCollector {
    /// What each metric says, by its name.
    public static let help = Dictionary(uniqueKeysWithValues: Figure.allCases.map { ($0.rawValue, $0.help) })

    private enum Figure: String, CaseIterable {
        case isReadable = "portald_mirror_readable"
        case isFilled = "portald_mirror_filled"
        case queue = "portald_writer_queue_events"
        case unconfirmedObjects = "portald_unconfirmed_objects"
        case unconfirmedAge = "portald_oldest_unconfirmed_seconds"
        case failingReads = "portald_failing_reads"
        case pendingEvents = "portald_pending_events"
        case failedEvents = "portald_failed_events"
        case unverifiedAge = "portald_oldest_unverified_seconds"
        case heardAt = "portald_stripe_heard_timestamp_seconds"
        case sweptAt = "portald_sweep_finished_timestamp_seconds"
        case verifiedAt = "portald_verification_finished_timestamp_seconds"
        case driftedRows = "portald_verification_drifted_rows"
        case epoch = "portald_replication_epoch"
        case heartbeatAt = "portald_replication_heartbeat_timestamp_seconds"
        case lag = "portald_replication_lag_seconds"
        case databaseSize = "portald_database_size_bytes"
        case walSize = "portald_wal_size_bytes"

        var help: String {
            switch self {
            case .isReadable:
                "1 where this scrape could read the mirror, otherwise 0; then the mirror's metrics are NaN."
            case .isFilled: "1 once a backfill has finished, otherwise 0."
            case .queue: "Events that wait to be written."
            case .unconfirmedObjects:
                "Objects for which an event waits, so that what the mirror shows of them is not proven."
            case .unconfirmedAge:
                "How long the oldest unconfirmed object has waited to be proven; 0 where there is none."
            case .failingReads: "Unconfirmed objects whose last read from Stripe failed."
            case .pendingEvents: "Events that wait for a missing predecessor or for a read."
            case .failedEvents: "Events that could not be applied and wait for the operator."
            case .unverifiedAge:
                "Time since the object that Stripe has not confirmed for longest was confirmed; 0 where there is none."
            case .heardAt: "When Stripe was last heard from, by webhook, sweep or backfill; 0 for never."
            case .sweptAt: "When the last sweep of Stripe's events finished; 0 for never."
            case .verifiedAt: "When the last whole comparison with Stripe finished; 0 for never."
            case .driftedRows: "Rows that the latest comparison found to differ without an event that says why."
            case .epoch: "The epoch of the mirror: how often it was promoted, plus one."
            case .heartbeatAt: "When the primary last said in the mirror that it is alive, by its clock; 0 for never."
            case .lag: "Time since then, on a node that follows another machine's mirror; 0 on a primary."
            case .databaseSize: "Size of the mirror's file."
            case .walSize: "Size of the write-ahead log beside the mirror's file."
            }
        }
    }

    private let store: MirrorStore
    private let writer: MirrorWriter?
    private let now: @Sendable () -> Double
    private let values: [Figure: PrometheusValue]

    /// - Parameters:
    ///   - store: The mirror.
    ///   - writer: Its writer; nil for a mirror that is another machine's.
    ///   - now: Unix seconds by this machine's clock.
    ///   - registry: Gets the metrics.
    public init(
        store: MirrorStore,
        writer: MirrorWriter?,
        now: @escaping @Sendable () -> Double,
        registry: PrometheusRegistry
    ) {
        self.store = store
        self.writer = writer
        self.now = now
        values = Dictionary(uniqueKeysWithValues: Figure.allCases.map { ($0, registry.gauge($0.rawValue)) })
    }

    func collect() async {
        let vitals: MirrorVitals?
        do throws(MirrorError) {
            vitals = try await MirrorVitals(of: store)
        } catch {
            vitals = nil
        }
        let now = now()
        for (figure, value) in values {
            value.show(self.value(of: figure, vitals, at: now))
        }
    }

    private func value(of figure: Figure, _ vitals: MirrorVitals?, at now: Double) -> Double? {
        switch figure {
        case .isReadable: return vitals == nil ? 0 : 1
        case .queue: return Double(writer?.waitingCount ?? 0)
        default: break
        }
        guard let vitals else { return nil }
        return switch figure {
        case .isReadable, .queue: nil
        case .isFilled: vitals.isFilled ? 1 : 0
        case .unconfirmedObjects: Double(vitals.unconfirmedObjects)
        case .unconfirmedAge: vitals.unconfirmedSince.map { max(0, now - $0) } ?? 0
        case .failingReads: Double(vitals.failingReads)
        case .pendingEvents: Double(vitals.pendingEvents)
        case .failedEvents: Double(vitals.failedEvents)
        case .unverifiedAge: vitals.unverifiedSince.map { max(0, now - $0) } ?? 0
        case .heardAt: vitals.heardAt ?? 0
        case .sweptAt: vitals.sweptAt ?? 0
        case .verifiedAt: vitals.verifiedAt ?? 0
        case .driftedRows: Double(vitals.driftedRows)
        case .epoch: Double(vitals.replication.epoch)
        case .heartbeatAt: vitals.replication.heartbeatAt ?? 0
        case .lag: writer == nil ? vitals.replication.lag(at: now) : 0
        case .databaseSize: Double(vitals.databaseBytes)
        case .walSize: Double(vitals.walBytes)
        }
    }
}
