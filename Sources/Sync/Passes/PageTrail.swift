internal import MirrorStore

/// Where the next page of a list begins, and what to do where the object it should start after is gone.
struct PageTrail: Sendable {
    /// The object that the next page starts after; nil at the list's beginning.
    private(set) var cursor: String?
    /// Objects before the cursor, in the list's order.
    private var earlier: [String] = []

    init(cursor: String?) {
        self.cursor = cursor
    }

    mutating func advance(over page: ObjectList.Page) {
        earlier = [cursor].compactMap(\.self) + page.replies.map(\.object.id).filter { $0 != page.cursor }
        cursor = page.hasMore ? page.cursor : nil
    }

    /// Starts after the object before: the one that was to be started after is deleted.
    ///
    /// After a restart none is known; then the list is begun anew, which only costs calls.
    ///
    /// - Returns: False at the beginning of the list, where nothing can be gone.
    mutating func stepBack() -> Bool {
        guard cursor != nil else { return false }
        cursor = earlier.popLast()
        return true
    }
}
