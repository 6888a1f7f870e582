/// What a table needs to know of the objects it keeps.
protocol TableObject {
    var id: String { get }
    /// Unix seconds.
    var created: Int { get }
}

/// Objects of one kind in the order of their creation, found by id and listed in pages.
///
/// `created` never falls and positions change only in ``merge(_:)``, so a cursor is one dictionary look-up and a page costs what it
/// returns plus what its filter skips.
struct ObjectTable<Object: TableObject & Sendable>: Sendable {
    private(set) var objects: [Object] = []
    private var positions: [String: Int] = [:]

    subscript(id: String) -> Object? {
        positions[id].map { objects[$0] }
    }

    func position(of id: String) -> Int? {
        positions[id]
    }

    mutating func append(_ object: Object) {
        precondition(positions[object.id] == nil, "two objects with one id")
        precondition(objects.last.map { $0.created <= object.created } ?? true, "created fell")
        positions[object.id] = objects.count
        objects.append(object)
    }

    /// Adds objects, which must ascend by `created`, among those present; positions change.
    mutating func merge(_ added: [Object]) {
        var merged: [Object] = []
        merged.reserveCapacity(objects.count + added.count)
        var rest = objects[...]
        for object in added {
            while let present = rest.first, present.created <= object.created {
                merged.append(present)
                rest.removeFirst()
            }
            merged.append(object)
        }
        objects = merged + rest
        positions.removeAll(keepingCapacity: true)
        positions.reserveCapacity(objects.count)
        for (position, object) in objects.enumerated() { positions[object.id] = position }
    }

    mutating func update(_ object: Object) {
        guard let position = positions[object.id] else {
            preconditionFailure("an update of an object not in the table")
        }
        objects[position] = object
    }

    /// Changes an object in place, without a copy of the table.
    mutating func modify(_ id: String, _ body: (inout Object) -> Void) {
        guard let position = positions[id] else { return }
        body(&objects[position])
    }

    /// A page of the whole table, newest first.
    func page(_ query: ListQuery, kind: String, where matches: (Object) -> Bool) throws(StripeAPIError) -> ListPage<
        Object
    > {
        try page(query, among: 0..<objects.count, kind: kind, where: matches)
    }

    /// A page of the objects at the given positions, which must ascend.
    func page(
        _ query: ListQuery,
        among candidates: some RandomAccessCollection<Int>,
        kind: String,
        where matches: (Object) -> Bool
    ) throws(StripeAPIError) -> ListPage<Object> {
        let lower = candidates.partitioningIndex { objects[$0].created >= query.created.lowerBound }
        let upper = candidates.partitioningIndex { objects[$0].created > query.created.upperBound }
        var window = candidates[lower..<max(lower, upper)]
        if let cursor = query.startingAfter {
            guard let position = positions[cursor] else { throw .missing(kind, cursor, param: "starting_after") }
            window = window[..<window.partitioningIndex { $0 >= position }]
        }
        if let cursor = query.endingBefore {
            guard let position = positions[cursor] else { throw .missing(kind, cursor, param: "ending_before") }
            window = window[window.partitioningIndex { $0 > position }...]
            let found = Array(window.lazy.map { objects[$0] }.filter(matches).prefix(query.limit + 1))
            return ListPage(objects: found.prefix(query.limit).reversed(), hasMore: found.count > query.limit)
        }
        let found = Array(window.reversed().lazy.map { objects[$0] }.filter(matches).prefix(query.limit + 1))
        return ListPage(objects: Array(found.prefix(query.limit)), hasMore: found.count > query.limit)
    }
}

/// One page of a list, newest first.
struct ListPage<Object: Sendable>: Sendable {
    var objects: [Object]
    var hasMore: Bool

    func json(url: String, _ render: (Object) -> JSONObject) -> JSONObject {
        [
            "object": "list",
            "data": .array(objects.map { .object(render($0)) }),
            "has_more": .bool(hasMore),
            "url": .string(url),
        ]
    }
}

extension RandomAccessCollection {
    /// The first index whose element satisfies the predicate, where all later ones do too.
    fileprivate func partitioningIndex(where predicate: (Element) -> Bool) -> Index {
        var low = startIndex
        var length = count
        while length > 0 {
            let half = length / 2
            let middle = index(low, offsetBy: half)
            if predicate(self[middle]) {
                length = half
            } else {
                low = index(after: middle)
                length -= half + 1
            }
        }
        return low
    }
}
