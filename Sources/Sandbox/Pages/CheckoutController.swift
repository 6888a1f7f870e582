import Hummingbird
import Mustache

/// Serves the pages that checkout sessions lead to: one button that pays.
struct CheckoutController: Sendable {
    private struct Page {
        var price: String
        var path: String
        var isComplete: Bool
    }

    private let sandbox: Sandbox
    private let template: MustacheTemplate

    init(sandbox: Sandbox) throws {
        self.sandbox = sandbox
        template = try MustacheTemplate(string: Self.source)
    }

    func addRoutes(to router: Router<SandboxRequestContext>) {
        router.get("/c/pay/:id") { _, context in
            let id = try context.parameters.require("id")
            guard let session = sandbox.withState({ $0.model.checkoutSessions[id] }) else {
                throw HTTPError(.notFound)
            }
            let price = Money(amount: session.amount, currency: session.currency).description
            return Response.html(
                template.render(Page(price: price, path: "/c/pay/\(id)", isComplete: session.isComplete))
            )
        }
        router.post("/c/pay/:id") { _, context in
            try pay(context.parameters.require("id"))
        }
    }

    private func pay(_ id: String) throws -> Response {
        do throws(StripeAPIError) {
            let session = try sandbox.completeCheckoutSession(id)
            let target = session["success_url"]?.string ?? "/c/pay/\(id)"
            return .seeOther(target.replacing("{CHECKOUT_SESSION_ID}", with: id))
        } catch {
            throw HTTPError(error.status == 404 ? .notFound : .conflict, message: error.message)
        }
    }

    private static let source = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Checkout (sandbox)</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem; }
        button { font: inherit; padding: .5rem 1.2rem; }
        </style>
        </head>
        <body>
        <h1>{{price}}</h1>
        <p><small>A sandbox on this machine, not Stripe. Nothing here is charged.</small></p>
        {{#isComplete}}<p>Paid.</p>{{/isComplete}}
        {{^isComplete}}<form method="post" action="{{path}}"><button>Subscribe</button></form>{{/isComplete}}
        </body>
        </html>
        """
}
