/// Two prices that every sandbox begins with.
public enum SandboxPrices {
    /// 10.00 USD a month.
    public static let basic = "price_1SandboxBasicMonthly0001"
    /// 25.00 USD a month.
    public static let team = "price_1SandboxTeamMonthly00002"
}

extension StripeModel {
    /// The seeded catalogue makes no events: it stands for what the operator set up long ago.
    mutating func seedPrices(now: Int) {
        let plans = [("Basic", SandboxPrices.basic, 1_000), ("Team", SandboxPrices.team, 2_500)]
        for (name, id, amount) in plans {
            let product = Product(id: ids.short("prod_"), created: now, updated: now, name: name)
            products.append(product)
            prices.append(
                Price(
                    id: id,
                    created: now,
                    product: product.id,
                    unitAmount: amount,
                    currency: "usd",
                    interval: .month,
                    intervalCount: 1,
                    nickname: "\(name) monthly"
                )
            )
        }
    }

    mutating func createProduct(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError)
        -> JSONObject
    {
        let name = try reader.required("name")
        let description = try reader.textChange("description").applied(to: nil)
        let metadata = try reader.metadata()?.applied(to: [:]) ?? [:]
        try reader.finish()
        let product = Product(
            id: ids.short("prod_"),
            created: call.now,
            updated: call.now,
            name: name,
            description: description,
            metadata: metadata
        )
        products.append(product)
        emit("product.created", Snapshot(product.json(livemode: rendering.livemode)), call)
        return product.json(livemode: rendering.livemode)
    }

    func retrieveProduct(_ id: String) throws(StripeAPIError) -> JSONObject {
        guard let product = products[id] else { throw .missing("product", id) }
        return product.json(livemode: rendering.livemode)
    }

    func listProducts(_ reader: inout ParameterReader) throws(StripeAPIError) -> JSONObject {
        var query = try ListQuery(&reader)
        try query.readCreated(&reader)
        let active = try reader.boolean("active")
        try reader.finish()
        let page = try products.page(query, kind: "product") { active == nil || $0.active == active }
        return page.json(url: "/v1/products") { $0.json(livemode: rendering.livemode) }
    }

    mutating func createPrice(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError) -> JSONObject
    {
        let product = try reader.required("product")
        let currency = try reader.required("currency")
        guard let amount = try reader.integer("unit_amount") else { throw .parameterMissing("unit_amount") }
        guard var recurring = try reader.hash("recurring") else { throw .parameterMissing("recurring") }
        let interval = try recurring.choice("interval", of: Price.Interval.allCases.map(\.rawValue))
        guard let interval = interval.flatMap(Price.Interval.init(rawValue:)) else {
            throw .parameterMissing("recurring[interval]")
        }
        let count = try recurring.integer("interval_count") ?? 1
        guard (1...36).contains(count) else {
            throw .invalid("recurring[interval_count]", "Invalid interval_count: must be between 1 and 36.")
        }
        try recurring.finish()
        let nickname = try reader.textChange("nickname").applied(to: nil)
        let lookupKey = try reader.textChange("lookup_key").applied(to: nil)
        let metadata = try reader.metadata()?.applied(to: [:]) ?? [:]
        try reader.finish()
        guard products[product] != nil else { throw .missing("product", product, param: "product") }
        let price = Price(
            id: ids.long("price_"),
            created: call.now,
            product: product,
            unitAmount: amount,
            currency: currency.lowercased(),
            interval: interval,
            intervalCount: count,
            nickname: nickname,
            lookupKey: lookupKey,
            metadata: metadata
        )
        prices.append(price)
        emit("price.created", Snapshot(id: price.id) { price.json($0) }, call)
        return price.json(call.rendering)
    }

    func retrievePrice(_ id: String, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        guard let price = prices[id] else { throw .missing("price", id) }
        return price.json(call.rendering)
    }

    func listPrices(_ reader: inout ParameterReader, _ call: CallContext) throws(StripeAPIError) -> JSONObject {
        var query = try ListQuery(&reader)
        try query.readCreated(&reader)
        let product = try reader.text("product")
        let active = try reader.boolean("active")
        try reader.finish()
        let page = try prices.page(query, kind: "price") {
            (product == nil || $0.product == product) && (active == nil || $0.active == active)
        }
        return page.json(url: "/v1/prices") { $0.json(call.rendering) }
    }
}
