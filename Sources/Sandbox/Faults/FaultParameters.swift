extension FaultFrequency {
    /// Reads `next` (a count) or `fraction` (0 to 1); without either the fault strikes once.
    fileprivate init(_ reader: inout ParameterReader) throws(StripeAPIError) {
        if let text = try reader.text("fraction") {
            guard let share = Double(text), (0...1).contains(share) else {
                throw .invalid("fraction", "Invalid fraction: must be between 0 and 1.")
            }
            self = .fraction(share)
            return
        }
        let count = try reader.integer("next") ?? 1
        guard count > 0 else { throw .invalid("next", "Invalid next: must be at least 1.") }
        self = .next(count)
    }
}

extension ParameterReader {
    fileprivate mutating func milliseconds() throws(StripeAPIError) -> Duration {
        guard let milliseconds = try integer("milliseconds"), milliseconds > 0 else {
            throw .parameterMissing("milliseconds")
        }
        return .milliseconds(milliseconds)
    }
}

extension APIFault {
    /// Reads `effect` (`status`, `delay`, `hold`, `reset`), its option (`status` and `reason`, `milliseconds`, or `moment`), `method`, `path`, and the frequency.
    init(_ reader: inout ParameterReader) throws(StripeAPIError) {
        let effect: Effect
        switch try reader.choice("effect", of: ["status", "delay", "hold", "reset"]) {
        case "status":
            guard let status = try reader.integer("status"), (400...599).contains(status) else {
                throw .invalid("status", "Invalid status: must be between 400 and 599.")
            }
            effect = .status(status, rateLimitedReason: try reader.text("reason"))
        case "delay":
            effect = .delay(try reader.milliseconds())
        case "hold":
            effect = .hold(try reader.milliseconds())
        case "reset":
            let moment = try reader.choice("moment", of: Moment.allCases.map(\.rawValue))
            effect = .reset(moment.flatMap(Moment.init) ?? .beforeProcessing)
        default:
            throw .parameterMissing("effect")
        }
        let method = try reader.text("method")?.uppercased()
        let path = try reader.text("path") ?? "*"
        self.init(effect, method: method, path: path, frequency: try FaultFrequency(&reader))
        try reader.finish()
    }
}

extension EventFault {
    /// Reads `effect` (`lose`, `twin`, `duplicate`, `drop`, `delay`, `reorder`), its option (`milliseconds` or `window`), `type`, and the frequency.
    init(_ reader: inout ParameterReader) throws(StripeAPIError) {
        let effect: Effect
        switch try reader.choice("effect", of: ["lose", "twin", "duplicate", "drop", "delay", "reorder"]) {
        case "lose": effect = .lose
        case "twin": effect = .twin
        case "duplicate": effect = .duplicate
        case "drop": effect = .drop
        case "delay": effect = .delay(try reader.milliseconds())
        case "reorder":
            let window = try reader.integer("window") ?? 2
            guard window > 1 else { throw .invalid("window", "Invalid window: must be at least 2.") }
            effect = .reorder(window: window)
        default: throw .parameterMissing("effect")
        }
        let type = try reader.text("type") ?? "*"
        self.init(effect, type: type, frequency: try FaultFrequency(&reader))
        try reader.finish()
    }
}
