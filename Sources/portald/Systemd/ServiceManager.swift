import Glibc

/// What systemd asks of the daemon and gives it, as its environment says; nothing where another program has started it.
struct ServiceManager: Sendable {
    var notification: ServiceNotification?
    var watchdogInterval: Duration?
    var sockets = InheritedSockets()

    /// Nobody manages the daemon.
    init() {}

    /// Reads the environment.
    ///
    /// - Throws: ``SettingsError`` where it contradicts itself.
    init(environment: [String: String]) throws(SettingsError) {
        notification = try ServiceNotification(environment: environment)
        watchdogInterval = Watchdog.interval(in: environment, process: getpid())
        sockets = try InheritedSockets(environment: environment, process: getpid())
    }
}
