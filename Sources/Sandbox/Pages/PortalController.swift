import Hummingbird
import Mustache

/// Serves the pages that portal sessions lead to.
struct PortalController: Sendable {
    private static let bodyLimit = 16 * 1024

    private let sandbox: Sandbox
    private let template: MustacheTemplate
    private let flowTemplate: MustacheTemplate

    init(sandbox: Sandbox) throws {
        self.sandbox = sandbox
        template = try PortalTemplate.page()
        flowTemplate = try PortalTemplate.flow()
    }

    func addRoutes(to router: Router<SandboxRequestContext>) {
        router.get("/p/session/:token") { _, context in
            try show(context)
        }
        router.post("/p/session/:token/:action") { request, context in
            try await perform(request, context)
        }
    }

    private func show(_ context: SandboxRequestContext) throws -> Response {
        let token = try context.parameters.require("token")
        let pages = sandbox.withState { state in
            state.model.portalSession(token: token, now: state.clock.now()).map { session in
                (start: PortalPage(session, state.model), flow: PortalFlowPage(session, state.model))
            }
        }
        guard let pages else {
            return Response.html("This link has expired. Open the portal again.", status: .notFound)
        }
        return Response.html(pages.flow.map { flowTemplate.render($0) } ?? template.render(pages.start))
    }

    private func perform(_ request: Request, _ context: SandboxRequestContext) async throws -> Response {
        let token = try context.parameters.require("token")
        guard let action = PortalAction(rawValue: try context.parameters.require("action")) else {
            throw HTTPError(.notFound)
        }
        let form = FormDecoder.parameters(from: String(buffer: try await request.body.collect(upTo: Self.bodyLimit)))
        do {
            let target: String? = try sandbox.withState { state throws(StripeAPIError) in
                let now = state.clock.now()
                guard let session = state.model.portalSession(token: token, now: now) else { return nil }
                return try state.model.perform(action, session: session, form, now: now) ?? "/p/session/\(token)"
            }
            guard let target else {
                return Response.html("This link has expired. Open the portal again.", status: .notFound)
            }
            return .seeOther(target)
        } catch {
            return Response.html("That did not work: go back and try again.", status: .badRequest)
        }
    }
}
