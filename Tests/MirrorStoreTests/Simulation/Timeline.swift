/// What is still to happen, in virtual time: a binary heap by time, and by order of planning where times are equal.
struct Timeline<Step> {
    private struct Entry {
        var time: Double
        var order: Int
        var step: Step

        func precedes(_ other: Entry) -> Bool {
            time == other.time ? order < other.order : time < other.time
        }
    }

    private var heap: [Entry] = []
    private var planned = 0

    mutating func plan(_ step: Step, at time: Double) {
        planned += 1
        let entry = Entry(time: time, order: planned, step: step)
        var index = heap.count
        heap.append(entry)
        while index > 0, entry.precedes(heap[(index - 1) / 2]) {
            heap[index] = heap[(index - 1) / 2]
            index = (index - 1) / 2
        }
        heap[index] = entry
    }

    /// Takes the next step; nil where none is left up to that time.
    mutating func next(until end: Double) -> (time: Double, step: Step)? {
        guard let first = heap.first, first.time <= end, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return (first.time, first.step) }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) {
                child += 1
            }
            guard heap[child].precedes(last) else { break }
            heap[index] = heap[child]
            index = child
        }
        heap[index] = last
        return (first.time, first.step)
    }
}
