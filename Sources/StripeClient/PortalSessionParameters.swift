/// What is asked for in a portal session.
public struct PortalSessionParameters: Hashable, Sendable {
    /// The customer's id.
    public var customer: String
    /// Where the portal's link back leads, and where the customer is sent once a flow is done.
    public var returnURL: String
    /// A portal configuration, `bpc_…`; nil takes the account's default.
    public var configuration: String?
    /// An IETF language tag that Stripe supports; nil lets the portal follow the browser.
    public var locale: String?
    /// The one page that opens; nil opens all of the portal.
    public var flow: PortalFlow?

    /// The parameters of a session.
    public init(
        customer: String,
        returnURL: String,
        configuration: String? = nil,
        locale: String? = nil,
        flow: PortalFlow? = nil
    ) {
        self.customer = customer
        self.returnURL = returnURL
        self.configuration = configuration
        self.locale = locale
        self.flow = flow
    }

    var form: FormEncoding {
        var fields = [FormEncoding.Field("customer", .string(customer))]
        if let configuration { fields.append(.init("configuration", .string(configuration))) }
        fields.append(.init("return_url", .string(returnURL)))
        if let locale { fields.append(.init("locale", .string(locale))) }
        if let flow { fields.append(.init("flow_data", flow.form(returnURL: returnURL))) }
        return FormEncoding(fields)
    }
}
