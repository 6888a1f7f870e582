public import Logging

/// Writes one line for each call to Stripe, with the `Request-Id` by which Stripe's support and Dashboard find it.
///
/// It is the one place that knows of all calls. What a failure means is told by whoever made the call; a success is for
/// `debug` only. A path has ids in it and nothing personal; the query and the body are not written.
struct CallLog: Sendable {
    /// What was asked for.
    struct Target: Sendable {
        var method: String
        /// Percent-encoded, without the query.
        var path: String
        var lane: Lane
    }

    let logger: Logger

    /// A call brought what was asked for.
    func succeeded(_ target: Target, _ success: StripeClient.Success, in duration: Duration) {
        guard logger.logLevel <= .debug else { return }
        var fields = Self.fields(target, success.attempts, success.reply.requestID)
        fields["status"] = "\(success.reply.status)"
        fields["milliseconds"] = "\(Int64(duration / .milliseconds(1)))"
        logger.debug("call to Stripe", metadata: fields)
    }

    /// A call brought nothing.
    func failed(_ target: Target, _ error: StripeCallError, in duration: Duration) {
        var fields = Self.fields(target, error.attempts, error.requestID)
        fields["cause"] = "\(error)"
        fields["milliseconds"] = "\(Int64(duration / .milliseconds(1)))"
        if case .cancelled = error {
            logger.debug("call to Stripe", metadata: fields)
        } else {
            logger.info("a call to Stripe failed", metadata: fields)
        }
    }

    /// An attempt failed, and another follows.
    func isRetried(_ target: Target, after error: StripeCallError) {
        var fields = Self.fields(target, error.attempts, error.requestID)
        fields["cause"] = "\(error)"
        logger.info("a call to Stripe is tried again", metadata: fields)
    }

    private static func fields(_ target: Target, _ attempts: Int, _ requestID: String?) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "method": "\(target.method)", "path": "\(target.path)", "lane": "\(target.lane.name)",
            "attempts": "\(attempts)",
        ]
        if let requestID { fields["stripe_request"] = "\(requestID)" }
        return fields
    }
}

extension Logger {
    /// Writes nothing, for commands that say by themselves how their calls ended.
    public static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}
