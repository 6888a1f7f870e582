import MirrorStore
import Stripe
import Testing

@testable import Sync

/// Where a list goes on when the object that it should go on after is deleted.
@Suite struct PageTrailTests {
    func page(_ ids: [String], hasMore: Bool = true, unreadable: [String] = []) throws -> ObjectList.Page {
        let replies = try ids.filter { !unreadable.contains($0) }.map { id in
            let json = try JSON(parsing: Array(#"{"id":"\#(id)","object":"customer"}"#.utf8))
            return ObjectReply(
                object: try ObjectFetcher.object(json),
                token: ObjectRead.Token(sequence: 0, sentAt: 0),
                date: 0
            )
        }
        return ObjectList.Page(
            replies: replies,
            unreadable: unreadable,
            count: ids.count,
            cursor: ids.last,
            created: nil,
            hasMore: hasMore,
            date: 0
        )
    }

    @Test func goesOnAfterTheLastObject() throws {
        var trail = PageTrail(cursor: nil)
        #expect(trail.cursor == nil)
        trail.advance(over: try page(["a", "b", "c"]))
        #expect(trail.cursor == "c")
        trail.advance(over: try page(["d"], hasMore: false))
        #expect(trail.cursor == nil)
    }

    @Test func stepsBackObjectByObject() throws {
        var trail = PageTrail(cursor: nil)
        trail.advance(over: try page(["a", "b", "c"]))
        trail.advance(over: try page(["d", "e", "f"]))
        var cursors: [String?] = []
        while trail.stepBack() {
            cursors.append(trail.cursor)
        }
        // To the page's beginning; then the list is begun anew.
        #expect(cursors == ["e", "d", "c", nil])
        let goesFurther = trail.stepBack()
        #expect(!goesFurther)
    }

    @Test func aRestartKnowsNothingEarlier() {
        var trail = PageTrail(cursor: "x")
        #expect(trail.cursor == "x")
        var isGone = trail.stepBack()
        #expect(isGone)
        #expect(trail.cursor == nil)
        isGone = trail.stepBack()
        #expect(!isGone, "at the beginning nothing can be gone, so the error is another one")
    }

    @Test func anUnreadableLastObjectIsACursorToo() throws {
        var trail = PageTrail(cursor: nil)
        trail.advance(over: try page(["a", "b", "c"], unreadable: ["c"]))
        #expect(trail.cursor == "c")
        let isGone = trail.stepBack()
        #expect(isGone)
        #expect(trail.cursor == "b")
    }
}
