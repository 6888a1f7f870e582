extension Sandbox {
    /// Adds customers and subscriptions that were created long ago, evenly over a year that ended 31 days ago.
    ///
    /// There are no events about them, because Stripe lists those of the last 30 days only. About 15 % of the
    /// subscriptions are canceled and 5 % on trial; one of a thousand has more items than Stripe shows inside it. As the
    /// clock moves on, they are renewed like any other.
    ///
    /// - Parameters:
    ///   - customers: How many; up to a million.
    ///   - subscriptions: How many, shared evenly among these customers; up to a million.
    ///   - userIDs: Whether the customer number n has `metadata.user_id` = `user_<n>`; the account's first customer is 1.
    /// - Throws: ``SandboxError/invalidSeed``.
    public func seed(customers: Int, subscriptions: Int, userIDs: Bool = true) throws(SandboxError) {
        try withState { state throws(SandboxError) in
            let plan = try SeedPlan(
                customers: customers,
                subscriptions: subscriptions,
                hasUserIDs: userIDs,
                now: state.clock.now()
            )
            state.model.seed(plan)
        }
    }

    /// Every state that a customer or subscription has had, oldest first, whether or not an event told of it.
    ///
    /// - Parameters:
    ///   - id: The object's id.
    ///   - apiVersion: The version to show them in; nil is the account's.
    /// - Returns: The whole objects; a deleted customer's last state comes once more, marked.
    /// - Throws: `resource_missing`.
    public func versions(
        of id: String,
        apiVersion: String? = nil
    ) throws(StripeAPIError) -> [(object: JSONObject, deleted: Bool)] {
        if let apiVersion, !Rendering.isAPIVersion(apiVersion) { throw .invalidAPIVersion(apiVersion) }
        return try withState { state throws(StripeAPIError) in
            var rendering = state.model.rendering
            rendering.apiVersion = apiVersion ?? rendering.apiVersion
            return try state.model.versions(of: id, rendering)
        }
    }
}
