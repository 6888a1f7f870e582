import NIOConcurrencyHelpers
import ServiceLifecycle

/// Sends deliveries to their endpoints and tries failed ones again.
///
/// Each endpoint has a lane of its own: what is ready goes out in order, up to the configured number at a time. A
/// delivery that must wait for its next attempt leaves the lane meanwhile, so that it holds up nobody.
final class DeliveryService: Service, Sendable {
    private let sandbox: NIOLockedValueBox<SandboxState>
    private let configuration: SandboxConfiguration
    private let observers: DeliveryObservers
    private let lanes = NIOLockedValueBox<[AsyncStream<Delivery>.Continuation]>([])
    private let (newLanes, laneContinuation) = AsyncStream.makeStream(of: AsyncStream<Delivery>.self)

    init(
        _ sandbox: NIOLockedValueBox<SandboxState>,
        _ configuration: SandboxConfiguration,
        _ observers: DeliveryObservers
    ) {
        self.sandbox = sandbox
        self.configuration = configuration
        self.observers = observers
        openLanes(configuration.endpoints.count)
    }

    /// Opens the lanes of endpoints that were added.
    ///
    /// - Parameter count: How many endpoints there are.
    func openLanes(_ count: Int) {
        lanes.withLockedValue { lanes in
            while lanes.count < count {
                let (stream, continuation) = AsyncStream.makeStream(of: Delivery.self)
                lanes.append(continuation)
                laneContinuation.yield(stream)
            }
        }
    }

    /// Hands over deliveries that are ready.
    ///
    /// It does not wait.
    func send(_ deliveries: [Delivery]) {
        lanes.withLockedValue { lanes in
            for delivery in deliveries { lanes[delivery.endpoint].yield(delivery) }
        }
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await lane in self.newLanes {
                    group.addTask { await self.serve(lane) }
                }
                group.cancelAll()
            }
        }
    }

    private func serve(_ lane: AsyncStream<Delivery>) async {
        let slots = AsyncSlots(configuration.concurrentDeliveries)
        await withDiscardingTaskGroup { group in
            for await delivery in lane {
                guard delivery.delay == .zero else {
                    sandbox.withLockedValue { $0.deliveries.forget(delivery) }
                    observers.notify(sandbox)
                    group.addTask { await self.wait(for: delivery) }
                    continue
                }
                guard await slots.take() else { return }
                group.addTask {
                    let next = await self.attempt(delivery)
                    slots.giveBack()
                    if let next { await self.wait(for: next) }
                }
            }
        }
    }

    private func wait(for delivery: Delivery) async {
        do {
            try await configuration.clock.sleep(for: delivery.delay)
        } catch {
            return  // The sandbox is ending.
        }
        var due = delivery
        due.delay = .zero
        send(sandbox.withLockedValue { $0.deliveries.ready([due]) })
    }

    /// Makes one attempt and returns the next one where it failed.
    private func attempt(_ delivery: Delivery) async -> Delivery? {
        let message = sandbox.withLockedValue { $0.message(for: delivery) }
        guard let message else {
            observers.notify(sandbox)
            return nil
        }
        let outcome: DeliveryAttempt.Outcome
        do {
            let url = try EndpointURL(message.endpoint.url)
            let client = DeliveryClient(timeout: configuration.deliveryTimeout)
            outcome = await client.post(message.payload, signature: message.signature, to: url)
        } catch {
            outcome = .failed(error.description)
        }
        guard !Task.isCancelled else { return nil }
        let (attempt, next) = sandbox.withLockedValue { $0.finish(delivery, outcome: outcome) }
        observers.notify(sandbox, attempt)
        return next
    }
}
