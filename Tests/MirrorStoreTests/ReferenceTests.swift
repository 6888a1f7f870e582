import Stripe
import TestSupport
import Testing

@testable import MirrorStore

/// The rule against its executable reference, step by step over random histories.
@Suite(.enabled(if: SharedFixtures.exist, "\(SharedFixtures.absence)"))
struct ReferenceTests {
    struct History: Decodable {
        var kind: String
        var steps: [Step]
    }

    struct Step: Decodable {
        struct Event: Decodable {
            var id: String
            var created: Int64
            var shape: String
            var parent: String?
            var revision: String?
            var ended: Bool
            var parent_ended: Bool
            var request: String?
        }

        struct State: Decodable, Equatable {
            var proven: String?
            var shown: String?
            var ended: Bool
            var deleted: Bool
            var date: Int64?
            var sequence: Int64
            var pending: [Pending]
            var confirmed: Bool
            var nextRead: Double?
        }

        /// `[event, barred]`
        struct Pending: Decodable, Equatable {
            var event: String?
            var isBarred: Bool

            init(event: String?, isBarred: Bool) {
                self.event = event
                self.isBarred = isBarred
            }

            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                event = try container.decodeIfPresent(String.self)
                isBarred = try container.decode(Bool.self)
            }
        }

        var now: Double
        var `do`: String
        var event: Event?
        var sequence: Int64?
        var sent: Double?
        var version: String?
        var deleted: Bool?
        var ended: Bool?
        var date: Int64?
        var purpose: String?
        var outcome: String?
        var state: State
    }

    func change(_ event: Step.Event) throws -> Change {
        let kind: Change.Kind =
            switch event.shape {
            case "created": .created
            case "updated": .updated(parent: .version(try #require(event.parent)), parentEnded: event.parent_ended)
            case "deleted": .deleted
            case "check": .check
            default: .thin
            }
        return Change(
            event: event.id,
            kind: kind,
            revision: event.revision.map { .version($0) },
            isEnded: event.ended,
            created: event.created,
            request: event.request
        )
    }

    func purpose(_ name: String) -> ObjectRead.Purpose {
        switch name {
        case "verification": .verification
        case "backfill": .backfill
        default: .refresh
        }
    }

    func name(_ outcome: ObjectRead.Outcome) -> String {
        switch outcome {
        case .applied: "applied"
        case .verified: "equal"
        case .dropped: "dropped"
        case .superseded: "superseded"
        }
    }

    @Test func everyStepLeadsWhereTheReferenceGoes() async throws {
        let histories = try await Reference.output(of: "fastforward_trace.py", "10000", "portald", as: History.self)
        var steps = 0
        for (number, history) in histories.enumerated() {
            var subject = Subject(try #require(MirroredKind(rawValue: history.kind)))
            for (index, step) in history.steps.enumerated() {
                let place: Comment = "history \(number), step \(index)"
                switch step.do {
                case "receive":
                    let outcome = subject.receive(try change(try #require(step.event)), at: step.now)
                    try #require(outcome.rawValue == step.outcome, place)
                case "finish":
                    let read = ObjectRead(
                        token: .init(sequence: try #require(step.sequence), sentAt: try #require(step.sent)),
                        purpose: purpose(try #require(step.purpose)),
                        revision: .version(try #require(step.version)),
                        isEnded: step.ended ?? false,
                        isDeleted: step.deleted ?? false,
                        date: try #require(step.date)
                    )
                    try #require(name(subject.finish(read, at: step.now)) == step.outcome, place)
                case "restart":
                    subject.resume(at: step.now)
                default:
                    break
                }
                try #require(Step.State(subject) == step.state, place)
                steps += 1
            }
            await Task.yield()
        }
        #expect(steps > 100_000)
    }
}

extension ReferenceTests.Step.State {
    init(_ subject: Subject) {
        let state = subject.state
        proven = state.proven?.revision.versionName
        shown = state.shown?.revision.versionName
        ended = state.isEnded
        deleted = state.isDeleted
        date = state.readDate
        sequence = state.sequence
        pending = state.pending.map { .init(event: $0.change.event, isBarred: $0.isBarred) }
        confirmed = state.isConfirmed
        nextRead = subject.nextRead
    }
}
