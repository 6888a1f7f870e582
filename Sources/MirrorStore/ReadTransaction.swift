internal import GRDB
internal import Stripe

/// Takes in what Stripe answered about one object, inside a transaction.
struct ReadTransaction {
    let objects: ObjectTransaction
    /// The API version that Stripe's replies are rendered in.
    let apiVersion: String

    private var states: ObjectStateTable { ObjectStateTable(db: objects.db) }
    private var mirror: MirrorTables { MirrorTables(db: objects.db) }

    /// Takes in a reply.
    func finish(_ reply: ObjectReply, for purpose: ObjectRead.Purpose, at now: Double) throws -> ObjectRead.Outcome {
        let object = reply.object
        let record = try states.load(object.id, kind: object.kind)
        return try finish(reply, for: purpose, over: record, at: now)
    }

    /// Compares a row with a reply.
    ///
    /// - Parameters:
    ///   - reply: What Stripe answered.
    ///   - isRepairing: Whether a row that differs is to show the reply afterwards.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: What the comparison came to.
    /// - Throws: The error of reading or writing.
    func verify(_ reply: ObjectReply, repairing isRepairing: Bool, at now: Double) throws -> Verdict {
        let object = reply.object
        let record = try states.load(object.id, kind: object.kind)
        let read = reply.read(for: .verification)
        let rule = FastForward(state: record.state, edges: [], sequence: record.state.sequence)
        let fields: [String]
        switch rule.compare(read) {
        case .overtaken:
            return .overtaken
        case .equal:
            fields = try rowDifferences(object)
            if !fields.isEmpty, isRepairing {
                try objects.rewrite(object, record.state, at: now)
                try states.markChecked(object.id, at: now)
            }
        case .different:
            fields = try differences(object, record)
            // Where only the rendering differs the row stays as it is: the next event's parent is of its rendering.
            if isRepairing, !fields.isEmpty || record.state.proven == nil {
                _ = try finish(reply, for: .verification, over: record, at: now)
            }
        }
        guard fields.isEmpty, record.state.proven != nil else {
            let reference = ObjectReference(kind: object.kind, id: object.id)
            return .drifted(Drift(object: reference, fields: fields, isRepaired: isRepairing))
        }
        try states.markChecked(object.id, at: now)
        return .verified
    }

    private func finish(
        _ reply: ObjectReply,
        for purpose: ObjectRead.Purpose,
        over record: ObjectStateTable.Record,
        at now: Double
    ) throws -> ObjectRead.Outcome {
        let objectID = reply.object.id
        var rule = try objects.rule(over: record, knowing: [], at: now)
        let outcome = rule.finish(reply.read(for: purpose), at: now)
        let arrival = ObjectTransaction.Arrival(
            source: .read(rule.sequence),
            object: reply.object,
            apiVersion: apiVersion,
            at: now
        )
        try objects.write(rule, over: record, of: objectID, arrival)
        if outcome != .dropped {
            try states.markChecked(objectID, at: now)
        }
        return outcome
    }

    /// How a row differs from an object whose revision is the proven one: only by what somebody else has written.
    private func rowDifferences(_ object: MirroredObject) throws -> [String] {
        let fields = try mirror.differences(from: object, isSameRendering: true)
        return fields.isEmpty ? try mirror.renderingDifferences(from: object) : fields
    }

    /// How a row differs from an object of another revision: not at all, where only the API version differs.
    private func differences(_ object: MirroredObject, _ record: ObjectStateTable.Record) throws -> [String] {
        guard record.state.proven != nil else { return [] }
        let isSameRendering = record.apiVersion == apiVersion
        let columns = try mirror.differences(from: object, isSameRendering: isSameRendering)
        guard columns.isEmpty, let text = try mirror.text(of: object.id, kind: object.kind) else { return columns }
        let members = try Self.members(of: text, thatDifferFrom: object.text)
        return isSameRendering ? members : members.filter(Self.membersOfAnyVersion.contains)
    }

    /// What no column shows, every API version renders alike, and links rest on.
    private static let membersOfAnyVersion: Set<String> = ["metadata"]

    private static func members(of text: String, thatDifferFrom other: String) throws -> [String] {
        let (old, new) = (try JSON(parsing: Array(text.utf8)), try JSON(parsing: Array(other.utf8)))
        let names = Set(((old.members ?? []) + (new.members ?? [])).map(\.name))
        return names.filter { revision(of: $0, in: old) != revision(of: $0, in: new) }.sorted()
    }

    /// An absent member and `null` are the same.
    private static func revision(of name: String, in object: JSON) -> Revision? {
        guard let member = object[name], !member.isNull else { return nil }
        return Revision(of: member)
    }
}
