import Foundation
import Logging
import MirrorStore
import Replica
import Stripe
import StripeClient

/// Looks at everything that the daemon depends on, and changes nothing.
struct Doctor {
    var settings: Settings
    /// The file given with `--config`.
    var configFile: String?
    /// The folder that has secrets as files, `$CREDENTIALS_DIRECTORY`.
    var credentials: String?
    /// Whether the file of settings sets a secret.
    var configHoldsSecrets: Bool
    /// What Litestream has to find in its environment beside what is there.
    var litestreamEnvironment: [String: String]
    var client: StripeClient

    var endpoint: EndpointCheck { EndpointCheck(expected: settings.expectedEndpoint) }

    func findings() async -> [Finding] {
        let local = files() + [database()] + (await replication())
        return local + (await account())
    }

    // MARK: This machine

    private func files() -> [Finding] {
        let folder = URL(filePath: settings.database).deletingLastPathComponent().path
        let observed = (file: FileObservation(settings.database), folder: FileObservation(folder))
        var findings = [FileCheck.database(observed.file), FileCheck.folder(observed.folder)]
        findings += [FileCheck.owner(observed.file, in: observed.folder)].compactMap(\.self)
        if let configFile {
            findings.append(FileCheck.config(FileObservation(configFile), holdsSecrets: configHoldsSecrets))
        }
        if let credentials {
            findings.append(FileCheck.credentials(FileObservation(credentials), Self.contents(of: credentials)))
        }
        do {
            let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder)
            if let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue {
                findings.append(FileCheck.disk(free: free, folder: folder))
            }
        } catch {
            findings.append(
                .warning("disk", "how much room \(folder) has cannot be told", remedy: "df -h \(folder)")
            )
        }
        return findings
    }

    /// What is in a folder; of one that cannot be listed the folder's own check tells.
    private static func contents(of folder: String) -> [FileObservation] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().map { FileObservation("\(folder)/\($0)") }
    }

    /// The sockets too: the next webhook would start the daemon again.
    private static let rebuild =
        "systemctl stop portald.socket portald-admin.socket portald.service; portald backfill --rebuild; "
        + "systemctl start portald"

    private func database() -> Finding {
        let file = FileObservation(settings.database)
        if let barrier = file.barrier { return .failure("database", barrier, remedy: FileObservation.remedy) }
        switch file.state {
        case .absent, .found(_, _, _, isEmpty: true):
            return .warning("database", "there is no mirror yet", remedy: "portald serve, or portald backfill")
        case .hidden, .found: break
        }
        do throws(MirrorError) {
            try MirrorCheck.run(on: settings.database)
            let store = try MirrorStore.openReadOnly(path: settings.database)
            let mode = Result { () throws(MirrorError) in try store.requireMode(livemode: settings.livemode) }
            try store.close()
            try mode.get()
            return .ok("database", "no damage found")
        } catch MirrorError.damaged(let path, let finding) {
            return .failure(
                "database",
                "\(path) is damaged (\(finding))",
                remedy: Self.rebuild
            )
        } catch {
            return .failure("database", "the mirror cannot be used", remedy: "\(error)")
        }
    }

    // MARK: Other machines

    /// Nothing where there are none.
    private func replication() async -> [Finding] {
        guard settings.litestreamConfig != nil || settings.role == .portal else { return [] }
        do {
            let store = try MirrorStore.openReadOnly(path: settings.database)
            let state = try await ReplicationLog(store: store).state()
            try store.close()
            let now = SyncParts.now()
            let litestream = try settings.litestreamConfig.map { path in
                Litestream(
                    program: settings.litestream,
                    configuration: try LitestreamConfiguration(path: path),
                    environment: litestreamEnvironment,
                    logger: .silent
                )
            }
            var findings: [Finding] = []
            if let litestream {
                findings.append(await program(litestream))
            }
            if settings.role == .portal {
                findings.append(LitestreamCheck.lag(state.lag(at: now), limit: settings.maxStaleness))
            } else {
                let folder = LitestreamFolder(database: settings.database)
                findings.append(LitestreamCheck.capture(folder.capturedAt, state, at: now))
                if let litestream { findings.append(await epoch(state, EpochClaims(litestream: litestream))) }
            }
            return findings
        } catch let error as LitestreamError {
            return [
                .failure("litestream-config", "\(error)", remedy: "examples are in /usr/share/doc/portald/examples/")
            ]
        } catch {
            // What is wrong with the mirror, its own check tells.
            return []
        }
    }

    private func program(_ litestream: Litestream) async -> Finding {
        do throws(LitestreamError) {
            return LitestreamCheck.version(.success(try await litestream.version()))
        } catch {
            return LitestreamCheck.version(.failure(error))
        }
    }

    private func epoch(_ state: ReplicationState, _ claims: EpochClaims) async -> Finding {
        do throws(EpochClaims.Refusal) {
            return LitestreamCheck.epoch(
                successor: try await claims.holder(of: state.epoch + 1),
                holder: try await claims.holder(of: state.epoch),
                state
            )
        } catch {
            return LitestreamCheck.unreachable("\(error)")
        }
    }

    // MARK: Stripe

    private func account() async -> [Finding] {
        var findings = [
            AccountCheck.key(
                isRestricted: settings.secretKey.exposed.hasPrefix("rk_"),
                livemode: settings.livemode
            )
        ]
        var reached: Set<StripeClient.Resource> = []
        var date: Int64?
        for resource in StripeClient.Resource.allCases {
            do throws(StripeCallError) {
                date = try await client.reach(resource) ?? date
                reached.insert(resource)
                findings.append(AccountCheck.reach(resource, error: nil))
            } catch {
                findings.append(AccountCheck.reach(resource, error: error))
                // Without an answer, or with a key that Stripe does not know, the others would only say the same.
                guard error.status == 403 else { return findings }
            }
            if resource == .customers, let date {
                findings.append(
                    AccountCheck.clock(
                        now: Int64(SyncParts.now()),
                        stripe: date,
                        tolerance: settings.signatureTolerance
                    )
                )
            }
        }
        if reached.contains(.portalConfigurations) { findings.append(await portal()) }
        if reached.contains(.webhookEndpoints) { findings += await webhooks() }
        return findings
    }

    private func portal() async -> Finding {
        do {
            return AccountCheck.portal(
                wanted: settings.portalConfiguration,
                known: try await client.listPortalConfigurations(),
                livemode: settings.livemode
            )
        } catch {
            return AccountCheck.reach(.portalConfigurations, error: error)
        }
    }

    private func webhooks() async -> [Finding] {
        do {
            return endpoint.findings(try await client.listWebhookEndpoints(lane: .refresh))
        } catch {
            return [AccountCheck.reach(.webhookEndpoints, error: error)]
        }
    }
}
