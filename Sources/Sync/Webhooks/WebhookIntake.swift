internal import Metrics
public import MirrorStore
public import Stripe

/// Takes in Stripe's deliveries: verified, decoded, fingerprinted, and on disk before Stripe hears that they are.
public struct WebhookIntake: Sendable {
    /// What became of a delivery.
    public struct Receipt: Sendable {
        /// The event that was delivered.
        public var event: Event
        /// The object it is about, where the mirror holds its kind.
        public var objectID: String?
        /// What became of it.
        public var outcome: Outcome
    }

    private let secrets: [WebhookSecret]
    private let tolerance: Int64
    private let livemode: Bool
    private let writer: MirrorWriter
    private let hits: [WebhookSecret: Counter]

    /// - Parameters:
    ///   - secrets: The endpoint's signing secrets; more than one while a secret is being rolled.
    ///   - tolerance: Seconds by which a signature's timestamp may lie before or after now.
    ///   - livemode: The mode of the mirror.
    ///   - writer: Writes what came in.
    ///   - metrics: Counts which secret is in use.
    public init(
        secrets: [WebhookSecret],
        tolerance: Int64,
        livemode: Bool,
        writer: MirrorWriter,
        metrics: WebhookIntakeMetrics = WebhookIntakeMetrics()
    ) {
        self.secrets = secrets
        self.tolerance = tolerance
        self.livemode = livemode
        self.writer = writer
        hits = metrics.hits(of: secrets)
    }

    /// Takes in one delivery.
    ///
    /// - Parameters:
    ///   - body: The raw bytes of the body.
    ///   - signature: The `Stripe-Signature` header.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What became of it, once that is on disk.
    /// - Throws: ``WebhookError`` where nothing was written.
    public func receive(body: [UInt8], signature: String?, now: Double) async throws(WebhookError) -> Receipt {
        let used: [WebhookSecret]
        do throws(WebhookSignatureError) {
            used = try WebhookSignature.verify(
                header: signature,
                body: body,
                secrets: secrets,
                now: Int64(now),
                tolerance: tolerance
            )
        } catch {
            throw .signature(error)
        }
        for secret in used {
            hits[secret]?.increment()
        }
        let event: Event
        do throws(JSONError) {
            event = try Event(JSON(parsing: body))
        } catch {
            throw .body(error)
        }
        let delivery = Delivery(
            event: event,
            payload: body,
            source: .webhook,
            receivedAt: now,
            livemode: livemode,
            secrets: used.map(\.fingerprint)
        )
        do throws(MirrorError) {
            let outcome = try await writer.commit(delivery)
            return Receipt(event: event, objectID: delivery.objectID, outcome: outcome)
        } catch {
            throw .store(error)
        }
    }
}
