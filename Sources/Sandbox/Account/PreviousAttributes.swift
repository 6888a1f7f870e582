/// The `previous_attributes` of an `*.updated` event: <https://docs.stripe.com/api/events/object>.
enum PreviousAttributes {
    /// The old values of what changed: hashes member by member, arrays whole, null for a member that was missing.
    static func difference(from old: JSONObject, to new: JSONObject) -> JSONObject {
        var previous = JSONObject()
        for member in old.members {
            let present = new[member.name]
            if case .object(let before) = member.value, case .object(let after)? = present {
                let nested = difference(from: before, to: after)
                if !nested.members.isEmpty { previous[member.name] = .object(nested) }
            } else if member.value != present {
                previous[member.name] = member.value
            }
        }
        for member in new.members where old[member.name] == nil {
            previous[member.name] = .null
        }
        return previous
    }
}
