internal import HTTPTypes
internal import Hummingbird
internal import MirrorStore

/// What a client asks the answer to wait for: `?after=` or the header `Portald-After`.
struct AfterParameter {
    /// Nil where it asks for nothing.
    let arrival: Arrival?

    private static let name = "after"

    /// Reads it from a request.
    ///
    /// - Throws: ``HTTPFailure`` where it is given twice and not the same, or is no id.
    init(_ request: Request) throws {
        let texts =
            request.uri.queryParameters.getAll(Self.name)
            + request.headers.values(PortaldHeader.after)
        guard let text = texts.first else {
            arrival = nil
            return
        }
        guard texts.allSatisfy({ $0 == text }) else {
            throw HTTPFailure.invalidParameter(Self.name, "'after' is given more than once, and not the same.")
        }
        guard let arrival = Arrival(text) else {
            throw HTTPFailure.invalidParameter(
                Self.name,
                "'after' must be the id of a Checkout session (cs_…) or of an event (evt_…)."
            )
        }
        self.arrival = arrival
    }
}
