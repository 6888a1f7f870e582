import Stripe

/// Says in words what is wrong with the webhook endpoint that Stripe sends this daemon's events to, and what to do.
struct EndpointCheck {
    var expected: ExpectedEndpoint

    private static let check = "webhook-endpoint"

    /// What `--fix` would do.
    enum Repair: Hashable {
        case create(url: String)
        case update(id: String, types: [String])
    }

    /// What is to be said of the account's endpoints.
    func findings(_ known: [EndpointRegistration]) -> [Finding] {
        let judgement = expected.judge(known)
        guard let endpoint = judgement.endpoint else { return [missing] }
        let good: [(EndpointFault.Kind, Finding)] = [
            (.disabled, .ok(Self.check, "\(endpoint.id) sends to \(endpoint.url)")),
            (.eventTypes, .ok("\(Self.check)-events", "\(endpoint.id) sends every event type that is needed")),
            (
                .apiVersion,
                .ok("\(Self.check)-version", "\(endpoint.id) is of portald's API version, \(expected.apiVersion)")
            ),
        ]
        return good.filter { kind, _ in !judgement.faults.contains { $0.kind == kind } }.map(\.1)
            + judgement.faults.map { finding($0, endpoint) }
    }

    /// What has to be done at Stripe; nil where nothing has, or the address is not known.
    func repair(_ known: [EndpointRegistration]) -> Repair? {
        guard let endpoint = expected.judge(known).endpoint else { return expected.url.map(Repair.create) }
        let missing = endpoint.missing(of: expected.types)
        guard !endpoint.isEnabled || !missing.isEmpty else { return nil }
        return .update(id: endpoint.id, types: endpoint.enabledEvents + missing)
    }

    private func finding(_ fault: EndpointFault, _ endpoint: EndpointRegistration) -> Finding {
        switch fault.kind {
        case .missing: missing
        case .disabled:
            .failure(
                Self.check,
                "\(endpoint.id), which sends to \(endpoint.url), is disabled",
                remedy: "portald doctor --fix"
            )
        case .mode:
            .failure(
                "\(Self.check)-mode",
                "\(endpoint.id) is of \(endpoint.livemode ? "live" : "test") mode, and the key of the other",
                remedy: "use the key of the endpoint's mode: https://dashboard.stripe.com/apikeys"
            )
        case .eventTypes:
            .failure(
                "\(Self.check)-events",
                "\(endpoint.id) does not send \(fault.details.joined(separator: ", ")); sweeps bring them minutes late",
                remedy: "portald doctor --fix"
            )
        case .apiVersion: version(endpoint)
        case .duplicate:
            .warning(
                "\(Self.check)-count",
                "\(fault.details.count) enabled endpoints could be this daemon's: "
                    + fault.details.joined(separator: ", "),
                remedy: expected.url == nil
                    ? "set PORTALD_WEBHOOK_URL to the address that Stripe reaches this daemon by"
                    : "remove all but one: \(page)"
            )
        }
    }

    private var missing: Finding {
        guard let url = expected.url else {
            return .failure(
                Self.check,
                "Stripe sends no webhook to a path \(ExpectedEndpoint.path)",
                remedy:
                    "set PORTALD_WEBHOOK_URL to the daemon's public address, https://…\(ExpectedEndpoint.path), and "
                    + "run 'portald doctor --fix'; or add an endpoint: \(page)"
            )
        }
        return .failure(
            Self.check,
            "Stripe has no webhook endpoint \(url)",
            remedy: "portald doctor --fix"
        )
    }

    /// Stripe renders events in the endpoint's version, which only a new endpoint can change.
    private func version(_ endpoint: EndpointRegistration) -> Finding {
        .warning(
            "\(Self.check)-version",
            "\(endpoint.id) is of API version \(endpoint.apiVersion ?? "the account's default"), portald reads in "
                + "\(expected.apiVersion): the mirror stays right, at the cost of a read for each burst of events",
            remedy:
                "add an endpoint of version \(expected.apiVersion) for the same address, put its secret beside the old "
                + "one in STRIPE_WEBHOOK_SECRET, then remove \(endpoint.id): \(page)"
        )
    }

    private var page: String { "https://dashboard.stripe.com/\(expected.livemode ? "" : "test/")webhooks" }
}
