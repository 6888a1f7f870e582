import Mustache

/// The HTML of the local portal's pages.
///
/// Mustache escapes all values.
enum PortalTemplate {
    static func page() throws -> MustacheTemplate {
        try MustacheTemplate(string: head + start)
    }

    /// A page that does one thing only.
    static func flow() throws -> MustacheTemplate {
        try MustacheTemplate(string: head + oneThing)
    }

    private static let head = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Billing portal (sandbox)</title>
        <style>
        :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 16%, transparent); }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
        h1 { font-size: 1.4rem; margin: 0; }
        h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
        article { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: .75rem 0; }
        article p { margin: .2rem 0; }
        .status { float: right; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; font-size: .85rem; }
        .note, small { opacity: .7; }
        form { display: inline-block; margin: .6rem .4rem 0 0; }
        button, input { font: inherit; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .4rem; }
        button { cursor: pointer; }
        </style>
        </head>

        """

    private static let start = """
        <body>
        {{#returnURL}}<p><a href="{{.}}">&larr; Return to the application</a></p>{{/returnURL}}
        <h1>Billing portal</h1>
        <small>A sandbox on this machine, not Stripe. Nothing here is charged.</small>
        <h2>Subscriptions</h2>
        {{#isEmpty}}<p>There are none.</p>{{/isEmpty}}
        {{#rows}}
        <article>
        <span class="status">{{status}}</span>
        <p><strong>{{title}}</strong></p>
        <p>{{price}}</p>
        <p class="note">{{note}}</p>
        {{#canCancel}}
        <form method="post" action="{{path}}/cancel"><input type="hidden" name="subscription" value="{{id}}">
        <button>Cancel at period end</button></form>
        {{/canCancel}}
        {{#canResume}}
        <form method="post" action="{{path}}/resume"><input type="hidden" name="subscription" value="{{id}}">
        <button>Don't cancel</button></form>
        {{/canResume}}
        {{#canEnd}}
        <form method="post" action="{{path}}/cancel_now"><input type="hidden" name="subscription" value="{{id}}">
        <button>Cancel now</button></form>
        {{/canEnd}}
        </article>
        {{/rows}}
        <h2>Billing information</h2>
        <form method="post" action="{{path}}/email">
        <label>Email <input name="email" type="email" value="{{email}}" required></label>
        <button>Save</button>
        </form>
        </body>
        </html>
        """

    private static let oneThing = """
        <body>
        {{#returnURL}}<p><a href="{{.}}">&larr; Return to the application</a></p>{{/returnURL}}
        <h1>{{title}}</h1>
        <small>A sandbox on this machine, not Stripe. Nothing here is charged.</small>
        {{#row}}
        <article>
        <span class="status">{{status}}</span>
        <p><strong>{{title}}</strong></p>
        <p>{{price}}</p>
        <p class="note">{{note}}</p>
        </article>
        {{/row}}
        {{#change}}<p>From now on: <strong>{{.}}</strong></p>{{/change}}
        <form method="post" action="{{path}}">
        {{#row}}<input type="hidden" name="subscription" value="{{id}}">{{/row}}
        {{#choices}}
        <p><label><input type="radio" name="price" value="{{id}}" required{{#isPresent}} checked{{/isPresent}}> {{name}}</label></p>
        {{/choices}}
        {{#quantity}}<p><label>Quantity <input name="quantity" type="number" min="1" value="{{.}}"></label></p>{{/quantity}}
        {{#takesCard}}
        <p><label>Card number <input name="number" inputmode="numeric" value="4242 4242 4242 4242" required></label></p>
        {{/takesCard}}
        <button>{{button}}</button>
        </form>
        </body>
        </html>
        """
}
