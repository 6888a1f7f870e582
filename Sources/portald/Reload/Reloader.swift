import Logging
import MirrorStore
import Portal
import ServiceLifecycle
import Stripe
import StripeClient
import UnixSignals
import Web

/// Reads the settings anew at each SIGHUP: as a whole, or, where anything is wrong with them, not at all.
///
/// A connection is not touched; a request that is being answered is answered by the settings that it came in under.
struct Reloader: Service {
    /// What a reload changes.
    struct InForce {
        var settings: Settings
        var authentication: AuthenticationParts
        var limiter: PortalRateLimiter
        /// As the settings that it changes were written.
        var snapshot: SettingsSnapshot
    }

    let source: ReloadSource
    let initial: InForce
    let transport: CurlTransport
    let keySets: KeySetService
    let report: StateReport?
    /// Keeps which webhook secrets there are; nil where the mirror is another machine's.
    let log: SyncLog?
    /// Lets the public listener answer by what is in force.
    let replace: @Sendable (InForce) -> Void
    let logger: Logger

    /// Reloads until the service is shut down; signals that come meanwhile wait.
    func run() async {
        await cancelWhenGracefulShutdown {
            var inForce = initial
            for await _ in source.signals {
                inForce = await reloadOnce(inForce)
            }
        }
    }

    private func reloadOnce(_ old: InForce) async -> InForce {
        report?.beginReload()
        do throws(SettingsError) {
            let (new, change) = try await read(after: old)
            apply(new, change)
            if let keySet = new.authentication.keySet, keySet === old.authentication.keySet {
                // Its keys may have changed where they are; an issuer that is down leaves the last good ones.
                await keySet.refreshOnce()
            }
            await noteSecrets(of: new.settings)
            await finish(refusal: nil)
            return new
        } catch {
            if !Task.isCancelled {
                logger.error(
                    "the reload is refused, and nothing has changed",
                    metadata: ["faults": "\(error.faults.joined(separator: "; "))"]
                )
                await finish(refusal: error)
            }
            return old
        }
    }

    /// Makes all that can fail, and changes nothing.
    private func read(after old: InForce) async throws(SettingsError) -> (InForce, SettingsChange) {
        let text = try await source.read()
        let settings = old.settings.reloaded(from: try Settings(text))
        let snapshot = SettingsSnapshot(text)
        for name in UnknownSettings.names(among: text.names) {
            logger.warning("this setting is unknown and has no effect", metadata: ["setting": "\(name)"])
        }
        let authentication: AuthenticationParts
        do {
            authentication = try await AuthenticationParts(
                settings: settings,
                transport: transport,
                reusing: old.authentication.keySet,
                logger: logger
            )
        } catch {
            throw SettingsError(faults: ["the keys of tokens cannot be used: \(error)"])
        }
        if let keySet = authentication.keySet, keySet !== old.authentication.keySet {
            do {
                try await keySet.prepare()
            } catch {
                throw SettingsError(
                    faults: ["PORTALD_JWKS cannot be used: \(error); correct it, or reload again when it can be read"]
                )
            }
        }
        let limiter =
            settings.portalRate == old.settings.portalRate
            ? old.limiter : PortalRateLimiter(rate: settings.portalRate)
        return (
            InForce(settings: settings, authentication: authentication, limiter: limiter, snapshot: snapshot),
            SettingsChange(started: source.started, reloaded: old.snapshot, new: snapshot)
        )
    }

    private func apply(_ new: InForce, _ change: SettingsChange) {
        source.level.value = new.settings.logLevel
        replace(new)
        keySets.replace(with: new.authentication.keySet)
        let names = change.applied.joined(separator: ",")
        logger.notice("reloaded", metadata: ["changed": "\(names.isEmpty ? "nothing" : names)"])
        if !change.waiting.isEmpty {
            logger.warning(
                "these settings have changed, and take effect at the next restart only",
                metadata: ["settings": "\(change.waiting.joined(separator: ","))"]
            )
        }
    }

    /// For `portald status`; the reload does not hang on it.
    private func noteSecrets(of settings: Settings) async {
        guard let log else { return }
        do {
            try await log.setWebhookSecrets(settings.webhookSecrets.map(\.fingerprint))
        } catch {
            logger.warning("it cannot be noted which webhook secrets there are", metadata: ["cause": "\(error)"])
        }
    }

    private func finish(refusal: SettingsError?) async {
        await report?.endReload(isRefused: refusal != nil)
        do {
            try source.outcome?.write(refusal)
        } catch {
            logger.warning("it cannot be written what became of the reload", metadata: ["cause": "\(error)"])
        }
    }
}
