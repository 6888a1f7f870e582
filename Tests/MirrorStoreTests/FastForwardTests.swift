import Testing

@testable import MirrorStore

/// Each rule has a history that ends wrong, or asks Stripe in vain, without it.
@Suite struct FastForwardTests {
    @Test func aDirectSuccessorMovesTheRowWithoutARead() {
        var subject = Subject(.customer)
        #expect(subject.receive(.creation("e1", of: "A")) == .applied)
        // No clock is asked: the timestamp runs backwards.
        #expect(subject.receive(.update("e2", from: "A", to: "B", created: 50)) == .applied)
        #expect(subject.proves("B") && subject.shows("B") && subject.state.isConfirmed)
        #expect(subject.nextRead == nil)
    }

    @Test func eventsInAnyOrderComeToTheSameEnd() {
        let chain: [Change] = [
            .creation("e1", of: "A"), .update("e2", from: "A", to: "B"), .update("e3", from: "B", to: "A"),
            .update("e4", from: "A", to: "C"), .update("e5", from: "C", to: "D"),
        ]
        for order in permutations(chain) {
            var subject = Subject(.customer)
            for change in order {
                subject.receive(change)
            }
            // Without the creation in front a loop may close by itself; the row then waits for its read.
            #expect(!subject.state.isConfirmed || subject.shows("D"))
        }
    }

    @Test func aParentIsComparedWithWhatIsProvenOnly() {
        var subject = Subject(.customer)
        #expect(subject.receive(.update("e2", from: "B", to: "A", created: 101)) == .pending)
        #expect(subject.shows("A") && !subject.state.isConfirmed)
        #expect(subject.receive(.update("e1", from: "A", to: "B", created: 100)) != .applied)
        #expect(!subject.state.isConfirmed)
        #expect(subject.state.proven == nil)
    }

    @Test func aRowIsNotConfirmedWhileAnythingWaits() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        #expect(subject.receive(.update("e3", from: "B", to: "C", created: 99)) == .pending)
        // The waiting event is older than what is shown, which stays; but nobody may rely on it.
        #expect(subject.shows("A") && !subject.state.isConfirmed)
    }

    @Test func whatWaitedIsTriedAgainWheneverTheRowMoves() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e4", from: "C", to: "D", created: 103))
        subject.receive(.update("e3", from: "B", to: "C", created: 102))
        #expect(subject.receive(.update("e2", from: "A", to: "B", created: 101)) == .applied)
        #expect(subject.proves("D") && subject.state.isConfirmed)
        #expect(subject.settled == ["e3": .applied, "e4": .applied])
    }

    @Test func twoEventsOfOneRequestAreOneStep() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e2", from: "A", to: "B", request: "req_1"))
        subject.receive(.update("e3", from: "B", to: "A", request: "req_2"))
        #expect(subject.receive(.update("e4", from: "A", to: "B", created: 5000, request: "req_1")) == .duplicate)
        #expect(subject.proves("A") && subject.state.isConfirmed)
    }

    @Test func twoEventsOfNoRequestWithinSecondsWaitForARead() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e2", from: "A", to: "B", created: 100))
        subject.receive(.update("e3", from: "B", to: "A", created: 101))
        #expect(subject.receive(.update("e4", from: "A", to: "B", created: 105)) == .pending)
        #expect(subject.proves("A") && !subject.state.isConfirmed)
        #expect(subject.read("A", at: 110) == .applied)
        #expect(subject.proves("A") && subject.state.isConfirmed)
    }

    @Test func theSameStepLaterIsAStepOfItsOwn() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e2", from: "A", to: "B", created: 100))
        subject.receive(.update("e3", from: "B", to: "A", created: 101))
        #expect(subject.receive(.update("e4", from: "A", to: "B", created: 106)) == .applied)
        #expect(subject.proves("B"))
    }

    @Test func aReadThatAnEventOvertookIsDropped() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        let token = subject.token(at: 110)
        subject.receive(.update("e2", from: "A", to: "B", created: 110), at: 110.5)
        let stale = ObjectRead(token: token, purpose: .refresh, revision: .version("A"), date: 110)
        #expect(subject.finish(stale, at: 111) == .dropped)
        #expect(subject.proves("B"))
    }

    @Test func aReadThatAnotherReadOvertookIsDropped() {
        var subject = Subject(.customer)
        subject.receive(.thin("e1"), at: 100)
        let first = ObjectRead(token: subject.token(at: 110), purpose: .refresh, revision: .version("A"), date: 110)
        #expect(subject.read("B", at: 111) == .applied)
        #expect(subject.finish(first, at: 112) == .dropped)
        #expect(subject.proves("B"))
    }

    @Test(arguments: [(101.8, ObjectRead.Outcome.dropped), (102.0, .applied)])
    func aReadSentRightAfterAnEventIsDropped(sent: Double, outcome: ObjectRead.Outcome) {
        var subject = Subject(.customer)
        subject.receive(.thin("e1"), at: 100)
        #expect(subject.read("A", at: sent) == outcome)
    }

    @Test func aReadCoversEveryEventReceivedBefore() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        subject.receive(.update("e3", from: "B", to: "C", created: 5000), at: 101)
        #expect(subject.read("C", at: 110) == .applied)
        #expect(subject.state.pending.isEmpty && subject.state.isConfirmed)
        #expect(subject.settled == ["e3": .superseded])
    }

    @Test(
        arguments: [
            (104, Outcome.superseded), (105, .pending), (110, .pending), (115, .pending), (116, .applied),
        ] as [(Int64, Outcome)]
    )
    func afterAReadAnEventCountsByItsDistance(created: Int64, outcome: Outcome) {
        var subject = Subject(.customer)
        subject.receive(.thin("e1"), at: 100)
        subject.read("A", at: 110)
        #expect(subject.receive(.update("e2", from: "A", to: "B", created: created), at: 120) == outcome)
        #expect(subject.proves(outcome == .applied ? "B" : "A"))
    }

    @Test func aDeletedCustomerStaysDeleted() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        #expect(subject.receive(.deletion("e3", as: "B")) == .applied)
        #expect(subject.receive(.update("e2", from: "B", to: "C", created: 5000)) == .superseded)
        #expect(subject.receive(.creation("e4", of: "D", created: 5000)) == .superseded)
        #expect(subject.read("D", at: 6000) == .superseded)
        #expect(subject.state.isDeleted && subject.shows("B") && subject.state.isConfirmed)
    }

    @Test func aReadMayBringTheDeletion() {
        var subject = Subject(.customer)
        subject.receive(.thin("e1"), at: 100)
        #expect(subject.read("gone", at: 110, isDeleted: true) == .applied)
        #expect(subject.state.isDeleted && subject.state.isConfirmed)
    }

    @Test func anEndedSubscriptionIsNotRevivedButItsMetadataMayChange() {
        var subject = Subject(.subscription)
        subject.receive(.creation("e1", of: "A"))
        #expect(subject.receive(.deletion("e4", as: "X")) == .applied)
        #expect(subject.receive(.update("e2", from: "A", to: "B", created: 5000)) == .superseded)
        #expect(subject.receive(.update("e3", from: "B", to: "X", created: 5000, isEnded: true)) == .superseded)
        #expect(
            subject.receive(.update("e5", from: "X", to: "Y", created: 5000, isEnded: true, parentEnded: true)) == .applied
        )
        #expect(subject.proves("Y") && subject.state.isConfirmed)
        #expect(subject.read("B", at: 6000) == .dropped)
        #expect(subject.proves("Y"))
    }

    @Test func whatWaitedForAnEndedSubscriptionFollowsItsEnd() {
        var subject = Subject(.subscription)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e5", from: "X", to: "Y", created: 101, isEnded: true, parentEnded: true))
        subject.receive(.update("e3", from: "B", to: "C", created: 101))
        #expect(subject.receive(.deletion("e4", as: "X", created: 101)) == .applied)
        #expect(subject.proves("Y") && subject.state.isConfirmed)
        #expect(subject.settled == ["e3": .superseded, "e5": .applied])
    }

    @Test func aThinEventOfAnEndedSubscriptionIsRead() {
        var subject = Subject(.subscription)
        subject.receive(.deletion("e1", as: "X"))
        #expect(subject.receive(.thin("e2"), at: 101) == .pending)
        #expect(subject.read("Y", at: 110, isEnded: true) == .applied)
        #expect(subject.proves("Y") && subject.state.isConfirmed)
    }

    @Test func aVerificationThatAgreesChangesNothing() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A", created: 100), at: 100)
        let before = subject.state
        #expect(subject.read("A", at: 110, purpose: .verification) == .verified)
        #expect(subject.state == before)
        // No Date was set, so the next event needs no read.
        #expect(subject.receive(.update("e2", from: "A", to: "B", created: 111), at: 111) == .applied)
    }

    @Test func aVerificationThatDisagreesIsTaken() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        #expect(subject.read("B", at: 110, purpose: .verification) == .applied)
        #expect(subject.proves("B"))
    }

    @Test func aBackfillAlwaysCounts() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        #expect(subject.read("A", at: 110, purpose: .backfill) == .applied)
        #expect(subject.state.readDate == 110)
    }

    @Test func anEntryOfABackfillThatWasDroppedIsAskedForAgain() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        #expect(subject.read("A", at: 101, purpose: .backfill) == .dropped)
        #expect(!subject.state.isConfirmed)
        #expect(subject.nextRead == 103)
        #expect(subject.read("A", at: 103) == .applied)
        #expect(subject.state.isConfirmed)
    }

    @Test func aCreationOfWhatIsProvenIsPast() {
        var subject = Subject(.customer)
        subject.receive(.thin("e2"), at: 100)
        subject.read("B", at: 110)
        #expect(subject.receive(.creation("e1", of: "A", created: 120), at: 120) == .superseded)
        #expect(subject.proves("B") && subject.state.isConfirmed)
    }

    @Test func aCheckSettlesByAnyVersionTheObjectHasHad() {
        var subject = Subject(.subscription)
        subject.receive(.creation("e1", of: "A"))
        subject.receive(.update("e2", from: "A", to: "B"))
        #expect(subject.receive(.check("e3", of: "B")) == .applied)
        #expect(subject.receive(.check("e4", of: "A")) == .applied)
        #expect(subject.receive(.check("e6", of: "C", created: 101)) == .pending)
        #expect(subject.shows("C") && !subject.state.isConfirmed)
        #expect(subject.receive(.update("e5", from: "B", to: "C")) == .applied)
        #expect(subject.proves("C") && subject.state.isConfirmed)
    }

    @Test func stepsThatCancelOutNeedNoRead() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"))
        #expect(subject.receive(.update("e2", from: "C", to: "B", created: 101)) == .pending)
        #expect(subject.shows("B"))
        #expect(subject.receive(.update("e3", from: "B", to: "C", created: 102)) == .applied)
        #expect(subject.shows("A") && subject.state.isConfirmed)
        #expect(subject.settled["e2"] == .applied)
    }

    @Test func theGraceRunsFromTheLastEvent() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        subject.receive(.update("e3", from: "B", to: "C"), at: 101)
        #expect(subject.nextRead == 103)
        subject.receive(.update("e5", from: "D", to: "E"), at: 102.5)
        #expect(subject.nextRead == 104.5)
    }

    @Test func afterARestartTheGraceRunsAnew() {
        var state = ObjectState(kind: .customer)
        state.pending = [.init(change: .thin("e1"), isBarred: false)]
        state.pendingSince = 100
        state.lastReceived = 100
        var rule = FastForward(state: state, edges: [], sequence: 1)
        rule.resume(at: 500)
        #expect(rule.nextRead == 502)
    }

    @Test func aThinEventIsSettledByItsSnapshot() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        #expect(subject.receive(.thin("t2", snapshotEvent: "e2"), at: 101) == .pending)
        #expect(subject.receive(.update("e2", from: "A", to: "B"), at: 101.5) == .applied)
        #expect(subject.state.isConfirmed && subject.nextRead == nil && subject.settled["t2"] == .applied)
    }

    @Test func aThinEventSettledByAnEventThatWaitsLeavesItWaiting() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        subject.receive(.thin("t3", snapshotEvent: "e3"), at: 101)
        #expect(subject.receive(.update("e3", from: "B", to: "C"), at: 102) == .pending)
        #expect(subject.state.pending.map(\.change.event) == ["e3"] && subject.nextRead == 104)
    }

    @Test func whatMayBeForgottenNeverFastForwards() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A", created: 100), at: 100)
        var rule = FastForward(state: subject.state, edges: [], sequence: 2, forgottenBefore: 200)
        #expect(rule.receive(.update("e2", from: "A", to: "B", created: 150), at: 300) == .pending)
        #expect(rule.state.pending.map(\.isBarred) == [true])
    }

    @Test func aReadCanBeAskedForOnce() {
        var subject = Subject(.customer)
        subject.receive(.creation("e1", of: "A"), at: 100)
        var rule = FastForward(state: subject.state, edges: [], sequence: 2)
        rule.requestRead(created: 200, at: 200)
        rule.requestRead(created: 201, at: 201)
        #expect(rule.state.pending.count == 1 && rule.nextRead == 202 && !rule.state.isConfirmed)
    }

    @Test func aSnapshotWithoutAllItemsNeverProves() {
        var subject = Subject(.subscription)
        #expect(subject.receive(.creation("e1", of: "A", isComplete: false), at: 100) == .pending)
        #expect(subject.shows("A") && !subject.state.isConfirmed)
        #expect(subject.read("A-page", at: 110, isComplete: false) == .dropped)
        #expect(subject.read("A-whole", at: 112) == .applied)
        #expect(subject.receive(.update("e2", from: "A-whole", to: "B", created: 120, isComplete: false), at: 120) == .pending)
        #expect(subject.proves("A-whole") && subject.shows("B") && !subject.state.isConfirmed)
    }

    @Test func theEndOfASubscriptionWithoutAllItemsIsRead() {
        var subject = Subject(.subscription)
        subject.receive(.creation("e1", of: "A"))
        var end = Change.deletion("e2", as: "X")
        end.isComplete = false
        #expect(subject.receive(end, at: 101) == .pending)
        #expect(subject.state.isEnded && subject.shows("X") && !subject.state.isConfirmed)
        #expect(subject.read("X-whole", at: 110, isEnded: true) == .applied)
        #expect(subject.state.isConfirmed)
    }

    private func permutations(_ changes: [Change]) -> [[Change]] {
        guard changes.count > 1 else { return [changes] }
        return changes.indices.flatMap { index in
            var rest = changes
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }
}
