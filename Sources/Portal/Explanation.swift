public import MirrorStore

/// Why the portal opens for a user or does not, and all that the decision rests on.
public struct Explanation: Sendable, Hashable, Encodable {
    /// The user's id.
    public let user: String
    /// The time that it tells of, Unix seconds; nil for now.
    public let time: Double?
    /// `allowed`, or the code of the ``PortalError`` that the endpoint answers; nil where it is not known.
    public let decision: String?
    /// The customer that the portal opens for.
    public let customer: String?
    /// The rule that decides, as a sentence.
    public let reason: String
    /// Whether a backfill has ever finished.
    public let isFilled: Bool
    /// The claims that customers are the user's, and what the operator decided about them.
    public let links: [UserLink]
    /// Customers and their subscriptions, with what their rows show and have shown.
    public let objects: [UserRecord.Object]
    /// The answers that the user was given, the latest first.
    public let requests: [AnsweredRequest]
    /// The one that is asked about; nil where the user is.
    ///
    /// It may differ from the decision: Stripe has a say too.
    public let answer: AnsweredRequest?
    /// What is not known.
    public let notes: [String]

    enum CodingKeys: String, CodingKey {
        case user, answer, time, decision, customer, reason, links, objects, requests, notes
        case isFilled = "filled"
    }

    /// Explains what ``PortalDecision`` makes of a record.
    ///
    /// - Parameters:
    ///   - record: What the mirror knows of the user.
    ///   - user: The user.
    ///   - answer: The answer that is asked about; nil where the user is.
    ///   - allowedStatuses: Subscription statuses that open the portal, as Stripe spells them.
    public init(
        _ record: UserRecord,
        of user: UserID,
        answer: AnsweredRequest? = nil,
        allowedStatuses: Set<String>
    ) {
        self.user = user.rawValue
        time = record.time
        isFilled = record.snapshot.isFilled
        links = record.links
        objects = record.objects
        requests = record.requests
        self.answer = answer
        notes = Self.notes(record)
        guard record.time.map({ $0 >= record.historySince }) ?? true else {
            (decision, customer) = (nil, nil)
            reason = "The mirror's memory does not go back to that time."
            return
        }
        let outcome = PortalDecision(record.snapshot, allowedStatuses: allowedStatuses)
        let rule = Rule(
            customers: record.snapshot.customers,
            overruled: Set(record.links.filter { $0.standing == .overruled }.map(\.customer)).sorted(),
            allowedStatuses: allowedStatuses
        )
        switch outcome {
        case .allowed(let id):
            (decision, customer) = ("allowed", id)
        case .customerNotFound:
            (decision, customer) = (PortalError.customerNotFound.code, nil)
        case .customerLinkConflict:
            (decision, customer) = (PortalError.customerLinkConflict.code, nil)
        case .noActiveSubscription:
            (decision, customer) = (PortalError.noActiveSubscription.code, nil)
        case .mirrorNotReady:
            (decision, customer) = (PortalError.mirrorNotReady.code, nil)
        }
        reason = rule.sentence(for: outcome)
    }

    private static func notes(_ record: UserRecord) -> [String] {
        guard let time = record.time else { return [] }
        var notes = ["What waited at that time is not known, only whether a row was confirmed."]
        if time < record.linksSince {
            notes.append(
                "Changes of links are known from \(Int64(record.linksSince)) (Unix seconds) on: links that were changed or "
                    + "removed before are not known."
            )
        }
        if time < record.historySince {
            notes.append("What rows showed is known from \(Int64(record.historySince)) (Unix seconds) on.")
        }
        if !record.isFillingKnown {
            notes.append("Whether a backfill had finished by then is not known; it is taken for finished.")
        }
        return notes
    }

    /// The rule that decides, in words.
    private struct Rule {
        let customers: [LinkedCustomer]
        /// Customers that would be the user's, had the operator not decided otherwise.
        let overruled: [String]
        let allowedStatuses: Set<String>

        private var statuses: String { Self.list(allowedStatuses.sorted(), "or") }

        func sentence(for decision: PortalDecision) -> String {
            switch decision {
            case .allowed(let id): allowed(id)
            case .customerNotFound where customers.isEmpty && !overruled.isEmpty:
                "The user is linked to no customer: the operator has decided otherwise about \(Self.list(overruled, "and"))."
            case .customerNotFound where customers.isEmpty: "The user is linked to no customer."
            case .customerNotFound: "Every customer that the user is linked to is deleted: \(names(customers))."
            case .customerLinkConflict: conflict
            case .noActiveSubscription:
                "No subscription of \(names(customers.filter { !$0.deleted })) is \(statuses): \(subscriptions)."
            case .mirrorNotReady:
                "Nothing in the mirror opens the portal, but the first backfill has not finished: what would open it "
                    + "may be missing still."
            }
        }

        private func allowed(_ id: String) -> String {
            let open = customers.filter { !$0.deleted && !$0.isClaimedByOthers && !opening($0).isEmpty }
            guard let customer = open.first(where: { $0.id == id }), let subscription = opening(customer).first else {
                return "\(id) opens the portal."
            }
            let reason =
                "\(id) is the user's alone, and its subscription \(subscription.id) is \(subscription.status): "
                + "\(statuses) opens the portal."
            guard open.count > 1 else { return reason }
            return reason
                + " Of \(open.count) such customers it is the newest of those that metadata names, or else of all."
        }

        private var conflict: String {
            let claimed = customers.filter { !$0.deleted && $0.isClaimedByOthers }
            return
                "\(names(claimed)) is claimed for another user too, so it opens for neither, and no other customer of "
                + "the user has a subscription that is \(statuses). 'portald links --conflicts' shows the claims, and "
                + "'portald link' decides."
        }

        private var subscriptions: String {
            let known = customers.filter { !$0.deleted }.flatMap(\.subscriptions).map { "\($0.id) is \($0.status)" }
            return known.isEmpty ? "there is none" : Self.list(known.sorted(), "and")
        }

        private func opening(_ customer: LinkedCustomer) -> [LinkedSubscription] {
            customer.subscriptions.filter { allowedStatuses.contains($0.status) }.sorted { $0.id < $1.id }
        }

        private func names(_ customers: [LinkedCustomer]) -> String {
            Self.list(customers.map(\.id).sorted(), "and")
        }

        private static func list(_ words: [String], _ conjunction: String) -> String {
            guard let last = words.last, words.count > 1 else { return words.first ?? "none" }
            return words.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
        }
    }
}
