import MirrorStore
import Replica

/// Judges how portald and Litestream go together.
enum LitestreamCheck {
    /// The first version that this was tried with.
    private static let oldest = [0, 5, 17]

    /// The program's version.
    static func version(_ version: Result<String, LitestreamError>) -> Finding {
        let check = "litestream"
        let remedy = "install Litestream 0.5.17 or later, https://litestream.io/install/"
        switch version {
        case .failure(let error): return .failure(check, "\(error)", remedy: remedy)
        case .success(let text):
            let digits = text.drop { !$0.isNumber }.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
            guard !digits.lexicographicallyPrecedes(oldest) else {
                return .failure(check, "Litestream is \(text), which portald does not know", remedy: remedy)
            }
            return .ok(check, "Litestream is \(text)")
        }
    }

    /// When Litestream last captured a change of a primary's mirror.
    ///
    /// - Parameters:
    ///   - capturedAt: Unix seconds; nil where it never did.
    ///   - state: The mirror's last sign of life, which is such a change.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What was found.
    static func capture(_ capturedAt: Double?, _ state: ReplicationState, at now: Double) -> Finding {
        let check = "replication"
        guard let capturedAt else {
            return .failure(
                check,
                "Litestream has never replicated the mirror",
                remedy: "systemctl enable --now portald-replicate"
            )
        }
        let heartbeatAt = state.heartbeatAt ?? 0
        let interval = state.heartbeatInterval ?? 0
        guard now - heartbeatAt <= 2 * interval + 10 else {
            return .warning(
                check,
                "the daemon does not run, so whether Litestream does cannot be told",
                remedy: "systemctl start portald"
            )
        }
        let age = Int(max(0, now - capturedAt))
        guard Double(age) <= 2 * interval + 10 else {
            return .failure(
                check,
                "Litestream last captured a change of the mirror \(age) s ago",
                remedy: "systemctl restart portald-replicate; journalctl -u portald-replicate"
            )
        }
        return .ok(check, "Litestream captured a change of the mirror \(age) s ago")
    }

    /// How far a node's mirror lags.
    static func lag(_ lag: Double?, limit: Int64) -> Finding {
        let check = "replication"
        let remedy = "journalctl -u portald-follow; on the primary, portald doctor"
        guard let lag else { return .failure(check, "the primary has not given a sign of life yet", remedy: remedy) }
        let message = "the primary's last sign of life is \(Int(lag)) s old"
        return lag <= Double(limit) ? .ok(check, message) : .failure(check, message, remedy: remedy)
    }

    /// Who the replica says the primary is.
    ///
    /// - Parameters:
    ///   - successor: The claim on the next epoch; nil where there is none.
    ///   - holder: The claim on the mirror's epoch; nil where there is none.
    ///   - state: The mirror's epoch.
    /// - Returns: What was found.
    static func epoch(successor: EpochClaim?, holder: EpochClaim?, _ state: ReplicationState) -> Finding {
        let check = "epoch"
        if let successor {
            return .failure(
                check,
                "the primary's on \(successor.host) has taken over with epoch \(successor.epoch)",
                remedy: "make this machine a node: move the mirror away, set PORTALD_ROLE=portal, start portald-follow"
            )
        }
        guard let holder else {
            return .warning(
                check,
                "nobody has claimed epoch \(state.epoch) in the replica yet",
                remedy: "systemctl enable --now portald-replicate"
            )
        }
        guard holder.token == state.claim else {
            return .failure(
                check,
                "epoch \(state.epoch) of this replica is another mirror's, on \(holder.host)",
                remedy: "give another path in PORTALD_LITESTREAM_CONFIG, or follow that mirror"
            )
        }
        return .ok(check, "this is the primary, of epoch \(state.epoch)")
    }

    /// A replica that cannot be asked.
    static func unreachable(_ reason: String) -> Finding {
        .warning(
            "epoch",
            "the replica cannot be asked from here who the primary is (\(reason))",
            remedy: "run 'portald doctor' as root and without --config, so that Litestream finds the replica's keys"
        )
    }
}
