import UnixSignals

/// Where a reload comes from, and what it reads.
struct ReloadSource: Sendable {
    /// SIGHUP, each time it comes.
    let signals: UnixSignalsSequence
    /// The settings as the daemon was started with them.
    let started: SettingsSnapshot
    /// Reads them as they are now.
    let read: @Sendable () async throws(SettingsError) -> SettingsSource
    /// Of the whole log.
    let level: LogLevel
    /// Where it is written what became of a reload.
    let outcome: ReloadOutcomeFile?
}
