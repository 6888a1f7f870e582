internal import GRDB
internal import Stripe

/// `activity`: how many events came in, minute by minute, and how late.
struct ActivityTable {
    private struct Key: Hashable {
        var minute: Int64
        var source: Delivery.Source
        var outcome: Outcome
    }

    private struct Sum {
        var events = 0
        var delay: Int64 = 0
        var longestDelay: Int64 = 0
    }

    /// Statements by what they do; a test reads their query plans.
    enum SQL {
        static let add = """
            INSERT INTO activity (minute, source, outcome, events, delay, longest_delay) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (minute, source, outcome) DO UPDATE SET
                events = events + excluded.events,
                delay = delay + excluded.delay,
                longest_delay = max(longest_delay, excluded.longest_delay)
            """
        static let activity = """
            SELECT minute, source, outcome, events, delay, longest_delay
            FROM activity WHERE minute >= ? AND minute < ? ORDER BY minute
            """
    }

    let db: Database

    /// Counts deliveries; one row is written for all that are alike.
    func add(_ deliveries: [Delivery], outcomes: [Outcome]) throws {
        var sums: [Key: Sum] = [:]
        for (delivery, outcome) in zip(deliveries, outcomes) {
            let receivedAt = Int64(delivery.receivedAt)
            let key = Key(minute: receivedAt - receivedAt % 60, source: delivery.source, outcome: outcome)
            // The clocks are not one, and Stripe's counts whole seconds.
            let delay = max(0, receivedAt - delivery.event.created)
            sums[key, default: Sum()].events += 1
            sums[key, default: Sum()].delay += delay
            sums[key, default: Sum()].longestDelay = max(sums[key, default: Sum()].longestDelay, delay)
        }
        let statement = try db.cachedStatement(sql: SQL.add)
        for (key, sum) in sums {
            try statement.execute(arguments: [
                key.minute, key.source.rawValue, key.outcome.rawValue, sum.events, sum.delay, sum.longestDelay,
            ])
        }
    }

    /// Reads what came in of late.
    ///
    /// - Parameters:
    ///   - count: How many intervals to tell of, the present one included.
    ///   - minutes: The length of each.
    ///   - now: Unix seconds by this machine's clock.
    /// - Returns: Every interval, those in which nothing came too.
    /// - Throws: What SQLite says.
    func activity(intervals count: Int, ofMinutes minutes: Int64, until now: Double) throws -> Activity {
        let step = minutes * 60
        let last = Int64(now) - Int64(now) % step
        let first = last - Int64(count - 1) * step
        var intervals = (0..<count).map { Activity.Interval(start: first + Int64($0) * step) }
        let statement = try db.cachedStatement(sql: SQL.activity)
        for row in try Row.fetchAll(statement, arguments: [first, last + step]) {
            let minute: Int64 = row["minute"]
            intervals[Int((minute - first) / step)].add(row)
        }
        return Activity(step: step, intervals: intervals)
    }
}

extension Activity.Interval {
    fileprivate mutating func add(_ row: Row) {
        let events: Int = row["events"]
        if let outcome = Outcome(rawValue: row["outcome"]) {
            outcomes[outcome, default: 0] += events
        }
        guard row["source"] == Delivery.Source.webhook.rawValue else { return }
        deliveries += events
        delay += row["delay"]
        longestDelay = max(longestDelay, row["longest_delay"])
    }
}
