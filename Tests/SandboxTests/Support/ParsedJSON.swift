import Foundation
import Testing

@testable import Sandbox

/// Reads JSON with Foundation, so that the sandbox's writer is not checked by itself. Members come sorted by name.
struct ParsedJSON: Decodable {
    let value: JSONValue

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: AnyKey.self) {
            let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
            value = .object(
                JSONObject(try keys.map { ($0.stringValue, try container.decode(ParsedJSON.self, forKey: $0).value) })
            )
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(ParsedJSON.self).value) }
            value = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let bool = try? container.decode(Bool.self) {
                value = .bool(bool)
            } else if let integer = try? container.decode(Int.self) {
                value = .integer(integer)
            } else {
                value = .string(try container.decode(String.self))
            }
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension JSONObject {
    init(parsing text: String) throws {
        let parsed = try JSONDecoder().decode(ParsedJSON.self, from: Data(text.utf8)).value
        self = try #require(parsed.object)
    }

    /// The same members sorted by name at every depth, for comparisons that do not mean order.
    var sorted: JSONObject {
        JSONObject(members.map { ($0.name, $0.value.sorted) }.sorted { $0.0 < $1.0 })
    }

    func at(_ path: String) -> JSONValue? {
        var value: JSONValue? = .object(self)
        for name in path.split(separator: ".") {
            if let index = Int(name) {
                value = value?.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
            } else {
                value = value?.object?[String(name)]
            }
        }
        return value
    }
}

extension JSONValue {
    fileprivate var sorted: JSONValue {
        switch self {
        case .object(let object): .object(object.sorted)
        case .array(let elements): .array(elements.map(\.sorted))
        default: self
        }
    }
}
