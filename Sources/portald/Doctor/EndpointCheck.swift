import Stripe
import Sync

/// Judges the webhook endpoint that Stripe sends this daemon's events to.
///
/// It is found by its address where `PORTALD_WEBHOOK_URL` is set, else by the path that portald serves: what stands in front
/// of the daemon decides its public name, which the daemon cannot know.
struct EndpointCheck {
    /// `PORTALD_WEBHOOK_URL`.
    var url: String?
    var livemode: Bool
    var apiVersion: String
    /// What the mirror makes use of.
    var types = Sweeper.types

    private static let path = "/webhooks/stripe"
    private static let check = "webhook-endpoint"

    /// What `--fix` would do.
    enum Repair: Hashable {
        case create(url: String)
        case update(id: String, types: [String])
    }

    /// Those of the account's endpoints that are this daemon's.
    func candidates(among known: [EndpointRegistration]) -> [EndpointRegistration] {
        if let url { return known.filter { $0.url == url } }
        return known.filter { Self.path(of: $0.url) == Self.path }
    }

    private static func path(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
        return rest.firstIndex(of: "/").map { String(rest[$0...]) } ?? ""
    }

    /// The one to judge: of several the one that works best.
    func endpoint(among known: [EndpointRegistration]) -> EndpointRegistration? {
        let candidates = candidates(among: known)
        return candidates.first { $0.isEnabled && $0.apiVersion == apiVersion }
            ?? candidates.first { $0.isEnabled } ?? candidates.first
    }

    /// What is to be said of the account's endpoints.
    func findings(_ known: [EndpointRegistration]) -> [Finding] {
        guard let endpoint = endpoint(among: known) else { return [missing] }
        var findings = [status(endpoint), eventTypes(endpoint), version(endpoint)]
        if endpoint.livemode != livemode {
            findings.append(
                .failure(
                    "\(Self.check)-mode",
                    "\(endpoint.id) is of \(endpoint.livemode ? "live" : "test") mode, and the key of the other",
                    remedy: "use the key of the endpoint's mode: https://dashboard.stripe.com/apikeys"
                )
            )
        }
        let enabled = candidates(among: known).filter(\.isEnabled)
        if enabled.count > 1 {
            findings.append(
                .warning(
                    "\(Self.check)-count",
                    "\(enabled.count) enabled endpoints could be this daemon's: \(enabled.map(\.id).joined(separator: ", "))",
                    remedy: url == nil
                        ? "set PORTALD_WEBHOOK_URL to the address that Stripe reaches this daemon by"
                        : "remove all but one: \(page)"
                )
            )
        }
        return findings
    }

    /// What has to be done at Stripe; nil where nothing has, or the address is not known.
    func repair(_ known: [EndpointRegistration]) -> Repair? {
        guard let endpoint = endpoint(among: known) else { return url.map(Repair.create) }
        let missing = endpoint.missing(of: types)
        guard !endpoint.isEnabled || !missing.isEmpty else { return nil }
        return .update(id: endpoint.id, types: endpoint.enabledEvents + missing)
    }

    private var missing: Finding {
        guard let url else {
            return .failure(
                Self.check,
                "Stripe sends no webhook to a path \(Self.path)",
                remedy: "set PORTALD_WEBHOOK_URL to the daemon's public address, https://…\(Self.path), and run "
                    + "'portald doctor --fix'; or add an endpoint: \(page)"
            )
        }
        return .failure(
            Self.check,
            "Stripe has no webhook endpoint \(url)",
            remedy: "portald doctor --fix"
        )
    }

    private func status(_ endpoint: EndpointRegistration) -> Finding {
        endpoint.isEnabled
            ? .ok(Self.check, "\(endpoint.id) sends to \(endpoint.url)")
            : .failure(
                Self.check,
                "\(endpoint.id), which sends to \(endpoint.url), is disabled",
                remedy: "portald doctor --fix"
            )
    }

    private func eventTypes(_ endpoint: EndpointRegistration) -> Finding {
        let missing = endpoint.missing(of: types)
        return missing.isEmpty
            ? .ok("\(Self.check)-events", "\(endpoint.id) sends every event type that is needed")
            : .failure(
                "\(Self.check)-events",
                "\(endpoint.id) does not send \(missing.joined(separator: ", ")); sweeps bring them minutes late",
                remedy: "portald doctor --fix"
            )
    }

    /// Stripe renders events in the endpoint's version, which only a new endpoint can change.
    private func version(_ endpoint: EndpointRegistration) -> Finding {
        guard endpoint.apiVersion != apiVersion else {
            return .ok("\(Self.check)-version", "\(endpoint.id) is of portald's API version, \(apiVersion)")
        }
        return .warning(
            "\(Self.check)-version",
            "\(endpoint.id) is of API version \(endpoint.apiVersion ?? "the account's default"), portald reads in \(apiVersion): "
                + "the mirror stays right, at the cost of a read for each burst of events",
            remedy:
                "add an endpoint of version \(apiVersion) for the same address, put its secret beside the old one in "
                + "STRIPE_WEBHOOK_SECRET, then remove \(endpoint.id): \(page)"
        )
    }

    private var page: String { "https://dashboard.stripe.com/\(livemode ? "" : "test/")webhooks" }
}
