import Fixtures
import Foundation
import Stripe
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

        struct State: Decodable {
            var proven: String?
            var shown: String?
            var ended: Bool
            var deleted: Bool
            var date: Int64?
            var sequence: Int64
            var pending: [Pending]
            var confirmed: Bool
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

    func histories(_ count: Int) throws -> [History] {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Tools/fastforward_trace.py")
        let reference = try #require(SharedFixtures.root).appending(path: "model/fastforward_reference.py")
        let file = FileManager.default.temporaryDirectory.appending(path: "trace-\(UUID().uuidString)")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script.path, reference.path, "\(count)", "portald"]
        process.standardOutput = try FileHandle(forWritingTo: file)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(History.self, from: Data($0))
        }
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

    @Test func everyStepLeadsWhereTheReferenceGoes() throws {
        let histories = try histories(3000)
        var steps = 0
        for (number, history) in histories.enumerated() {
            var subject = Subject(try #require(MirroredKind(rawValue: history.kind)))
            for (index, step) in history.steps.enumerated() {
                let place: Comment = "history \(number), step \(index)"
                switch step.do {
                case "receive":
                    let outcome = subject.receive(try change(try #require(step.event)), at: step.now)
                    // The reference calls an event that cancels out with others pending, though nothing waits any more.
                    if !(outcome == .applied && step.outcome == "pending" && step.state.pending.isEmpty) {
                        try #require(outcome.rawValue == step.outcome, place)
                    }
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
                default:
                    break
                }
                try #require(subject.state.proven?.revision == step.state.proven.map { .version($0) }, place)
                try #require(subject.state.shown?.revision == step.state.shown.map { .version($0) }, place)
                try #require(subject.state.isEnded == step.state.ended, place)
                try #require(subject.state.isDeleted == step.state.deleted, place)
                try #require(subject.state.readDate == step.state.date, place)
                try #require(subject.state.sequence == step.state.sequence, place)
                try #require(subject.state.isConfirmed == step.state.confirmed, place)
                let pending = subject.state.pending.map { Step.Pending(event: $0.change.event, isBarred: $0.isBarred) }
                try #require(pending == step.state.pending.withOneMark, place)
                steps += 1
            }
        }
        #expect(steps > 10_000)
    }
}

extension [ReferenceTests.Step.Pending] {
    /// The reference marks an object anew for each entry of a backfill that was dropped; one mark says the same.
    fileprivate var withOneMark: Self {
        enumerated().filter { offset, entry in entry.event != nil || !self[..<offset].contains { $0.event == nil } }.map(\.element)
    }
}
