@testable import Sandbox

extension Sandbox {
    /// The events so far as an endpoint of an API version is sent them, oldest first.
    func bodies(apiVersion: String? = nil) -> [String] {
        withState { state in
            state.model.events.objects.map { String(decoding: $0.json(apiVersion: apiVersion).bytes, as: UTF8.self) }
        }
    }

    /// The thin events beside the events so far, oldest first.
    var thinBodies: [String] {
        withState { state in
            state.model.events.objects.map { String(decoding: $0.thinJSON().bytes, as: UTF8.self) }
        }
    }

    /// Deletes customers in such a way that the lists do not know them as cursors any more.
    func forget(_ customer: String) {
        withState { state in
            let customers = state.model.customers.objects.filter { $0.id != customer }
            state.model.customers = ObjectTable()
            for customer in customers {
                state.model.customers.append(customer)
            }
        }
    }
}

extension JSONObject {
    var text: String { String(decoding: bytes, as: UTF8.self) }
    /// Stripe's id of the object.
    var id: String { self["id"]?.string ?? "" }
}

extension Sandbox {
    /// Makes the last event one that nobody can read: its `created` is no time.
    func spoilLastEvent() -> String {
        withState { state in
            let id = state.model.events.objects.last?.id ?? ""
            state.model.events.modify(id) { $0.created = 1 << 60 }
            return id
        }
    }
}
