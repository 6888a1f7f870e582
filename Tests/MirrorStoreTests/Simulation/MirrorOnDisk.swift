import Foundation
import GRDB
import Stripe

@testable import MirrorStore

/// The store on a real file, through the transactions of the daemon.
struct MirrorOnDisk: SimulatedMirror {
    private let kind: MirroredKind
    private let path: String
    private var store: MirrorStore
    private var reads: ObjectReads

    /// - Parameter path: A file that holds no object yet.
    init(_ kind: MirroredKind, at path: String) throws {
        self.kind = kind
        self.path = path
        (store, reads) = try Self.open(path)
    }

    mutating func begin(with state: StateName) async throws {
        let token = ObjectRead.Token(sequence: 0, sentAt: Self.clock(-10_000))
        let reply = SimulatedReply(state: state, isDeleted: false, date: -10_000, token: token, purpose: .backfill)
        _ = try await finish(reply, at: -10_000)
    }

    mutating func receive(_ event: SimulatedEvent, at now: Double) async throws -> Outcome {
        let delivery = try testEvent(event).delivery(at: Self.clock(now))
        return try await store.write { db in
            try DeliveryTransaction(objects: ObjectTransaction(db: db, metadataKey: "user_id", livemode: false)).apply(delivery)
        }
    }

    var nextRead: Double? {
        get async throws { try await reads.nextDue().map { $0 - Self.epoch } }
    }

    func token(at now: Double) async throws -> ObjectRead.Token {
        try await reads.token(at: Self.clock(now))
    }

    mutating func finish(_ reply: SimulatedReply, at now: Double) async throws -> ObjectRead.Outcome {
        let object = SimulatedObject(kind: kind.rawValue, id: objectID, state: reply.state, isDeleted: reply.isDeleted)
        let mirrored = try MirroredObject(JSON(parsing: Array(object.json.utf8)))
        guard let mirrored else { throw MirrorError.inconsistent("an object of no kind") }
        let answer = ObjectReply(object: mirrored, token: reply.token, date: reply.date + Int64(Self.epoch))
        guard reply.purpose == .verification else {
            return try await reads.finish(answer, for: reply.purpose, at: Self.clock(now))
        }
        switch try await reads.verify([answer], repairing: true, at: Self.clock(now)).first {
        case .verified: return .verified
        case .drifted: return .applied
        case .overtaken, nil: return .dropped
        }
    }

    mutating func finishWithoutObject(at now: Double) async throws {
        try await reads.postpone(objectID, until: Self.clock(now + FastForward.grace), because: "no such object")
    }

    /// Nothing is left of the old process but the file.
    mutating func kill() throws {
        try store.close()
        (store, reads) = try Self.open(path)
    }

    mutating func resume(at now: Double) async throws {
        try await reads.resume(at: Self.clock(now))
    }

    var row: MirrorRow {
        get async throws {
            let table = kind == .customer ? "customers" : "subscriptions"
            return try await store.read { db in
                let statement = try db.cachedStatement(sql: "SELECT object, deleted, confirmed FROM \(table)")
                guard let row = try Row.fetchOne(statement) else { return MirrorRow(isConfirmed: false) }
                let object = try JSON(parsing: Array((row["object"] as String).utf8))
                return MirrorRow(state: row["deleted"] ? .deleted : Self.state(of: object), isConfirmed: row["confirmed"])
            }
        }
    }

    func close() throws {
        try store.close()
    }

    // MARK: -

    /// Stripe's clock and this machine's at the beginning of each history, Unix seconds.
    private static let epoch: Double = 1_700_000_000

    private static func clock(_ time: Double) -> Double { epoch + time }

    private static func open(_ path: String) throws -> (MirrorStore, ObjectReads) {
        let (store, _) = try MirrorStore.open(path: path)
        // A killed process loses nothing that the kernel has; only a power cut would, and there is none here.
        try store.pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
        return (store, ObjectReads(store: store, metadataKey: "user_id", livemode: false, apiVersion: "2026-03-25.dahlia"))
    }

    private var objectID: String { kind == .customer ? "cus_1" : "sub_1" }

    private func testEvent(_ event: SimulatedEvent) -> TestEvent {
        let object = SimulatedObject(kind: kind.rawValue, id: objectID, state: event.state)
        let name = kind == .customer ? "customer" : "customer.subscription"
        var previous: String?
        let type: String
        switch event.shape {
        case .created: type = "\(name).created"
        case .deleted: type = "\(name).deleted"
        case .check: type = "\(name).checked"
        case .updated(let parent):
            type = "\(name).updated"
            previous = object.previousAttributes(from: SimulatedObject(kind: kind.rawValue, id: objectID, state: parent))
        }
        return TestEvent(
            id: event.id,
            type: type,
            object: object.json,
            previous: previous,
            created: event.created + Int64(Self.epoch),
            request: event.request
        )
    }

    private static func state(of object: JSON) -> StateName {
        let state = StateName(rawValue: (object["status"]?.string == "canceled" ? "x" : "") + (object["description"]?.string ?? ""))
        return object["rendering"] == nil ? state : state.renderedOtherwise
    }
}
