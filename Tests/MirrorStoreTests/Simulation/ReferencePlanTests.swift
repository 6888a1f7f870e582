import TestSupport
import Testing

/// The reference's own random plans: portald keeps every claim, and sends no more reads than the reference on any of them.
@Suite(.enabled(if: SharedFixtures.exist, "\(SharedFixtures.absence)"))
struct ReferencePlanTests {
    struct Plan: Decodable {
        var profile: String
        var number: Int
        var history: History
        /// Reads that the reference sent, without those that failed.
        var reads: Int
        var violations: [String]
        /// What its row shows in the end.
        var state: StateName?
    }

    @Test(arguments: Profile.allCases)
    func noPlanTakesMoreReadsThanTheReferenceSends(profile: Profile) async throws {
        let plans = try await Reference.output(of: "fastforward_plans.py", "200", "portald", profile.rawValue, as: Plan.self)
        var (reads, reference, events) = (0, 0, 0)
        for plan in plans {
            let place = "reference's plan portald/\(plan.number) of \(plan.profile)"
            try #require(plan.violations.isEmpty, "\(place): the reference itself fails")
            var simulation = Simulation(plan.history, over: MirrorInMemory(plan.history.kind))
            let report = try await simulation.run()
            try #require(report.violations.isEmpty, "\(place)")
            try #require(report.reads <= plan.reads, "\(place)")
            if !plan.history.hasGhosts {
                try #require(report.row.state == plan.state, "\(place)")
            }
            reads += report.reads
            reference += plan.reads
            events += report.events
            await Task.yield()
        }
        print("\(profile.rawValue): \(plans.count) plans, \(events) events, \(reads) reads, the reference's \(reference)")
        #expect(plans.count == 200)
    }
}
