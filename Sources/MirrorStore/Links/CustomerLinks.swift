/// What Stripe's objects claim of one customer, what the operator decided, and what follows from both.
///
/// The view `user_links` says the same in SQL, for reads that answer a request; a test compares the two.
struct CustomerLinks: Sendable, Hashable {
    /// An object's word that the customer is a user's.
    struct Claim: Sendable, Hashable {
        var user: UserID
        var customer: String
        /// The raw value of ``UserLinkSource``.
        var source: String
        /// The object that says so.
        var claimant: String
        /// The event that brought it; nil where a read did.
        var event: String?
        /// Unix seconds by this machine's clock.
        var createdAt: Int64
    }

    /// What the operator decided about the customer and a user.
    enum Verdict: String, Sendable, Hashable {
        /// The customer is the user's, and nobody else's.
        case linked
        /// Every claim that it is the user's is set aside.
        case unlinked
    }

    /// A verdict, and when it was given.
    struct Decision: Sendable, Hashable {
        var verdict: Verdict
        /// Unix seconds by this machine's clock.
        var decidedAt: Int64
    }

    let customer: String
    private(set) var claims: [String: Claim] = [:]
    private(set) var decisions: [UserID: Decision] = [:]

    init(customer: String) {
        self.customer = customer
    }

    // MARK: Changes

    mutating func claim(_ claim: Claim) {
        claims[claim.claimant] = claim
    }

    mutating func withdraw(by claimant: String) {
        claims[claimant] = nil
    }

    /// A link replaces an earlier one with another user.
    mutating func decide(_ verdict: Verdict, for user: UserID, at now: Int64) {
        if verdict == .linked, let linked = linkedUser {
            decisions[linked] = nil
        }
        decisions[user] = Decision(verdict: verdict, decidedAt: now)
    }

    mutating func undo(for user: UserID) {
        decisions[user] = nil
    }

    // MARK: What follows

    /// The user whom the operator gave the customer.
    var linkedUser: UserID? { decisions.first { $0.value.verdict == .linked }?.key }

    /// Users whose the customer is; more than one are in conflict.
    var users: Set<UserID> {
        if let linkedUser { return [linkedUser] }
        return Set(claims.values.map(\.user).filter { decisions[$0] == nil })
    }

    /// All claims and decisions with their standing: by user, the operator's word first, then by claimant.
    var links: [UserLink] {
        let decided = decisions.map { user, decision in
            UserLink(
                user: user.rawValue,
                customer: customer,
                source: UserLinkSource.operator.rawValue,
                createdAt: decision.decidedAt,
                standing: decision.verdict == .linked ? .inForce : .unlinked
            )
        }
        let claimed = claims.values.map { claim in
            UserLink(
                user: claim.user.rawValue,
                customer: customer,
                source: claim.source,
                claimant: claim.claimant,
                event: claim.event,
                createdAt: claim.createdAt,
                standing: standing(of: claim)
            )
        }
        return (decided + claimed).sorted { $0.isBefore($1) }
    }

    private func standing(of claim: Claim) -> UserLink.Standing {
        if let linkedUser { return claim.user == linkedUser ? .agrees : .overruled }
        if decisions[claim.user] != nil { return .overruled }
        return users.count > 1 ? .conflict : .inForce
    }
}

extension UserLink {
    /// The order of UTF-8 bytes, which is SQLite's.
    fileprivate func isBefore(_ other: UserLink) -> Bool {
        for (left, right) in [(user, other.user), (claimant ?? "", other.claimant ?? "")]
        where !left.utf8.elementsEqual(right.utf8) {
            return left.utf8.lexicographicallyPrecedes(right.utf8)
        }
        return false
    }
}
