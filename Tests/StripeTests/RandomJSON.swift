/// Random values, random changes of them, and a random spelling of each.
struct RandomJSON {
    indirect enum Value: Equatable {
        case null
        case bool(Bool)
        case integer(Int64)
        case string(String)
        case array([Value])
        case object([String: Value])
    }

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): a failing round is found again by its seed.
    private mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }

    mutating func bytes(of alphabet: [UInt8], upTo length: Int) -> [UInt8] {
        (0...next(length)).map { _ in alphabet[next(alphabet.count)] }
    }

    mutating func value(depth: Int) -> Value {
        switch next(depth > 0 ? 8 : 5) {
        case 0: .null
        case 1: .bool(next(2) == 0)
        case 2: .integer([0, 1, -1, 100, 1_700_000_000, .max, .min][next(7)])
        case 3: .string(["", "x", "é", "\u{2028}", "\"\\\n", "😀", "1"][next(7)])
        case 4: .string("v\(next(3))")
        case 5: .array((0..<next(3)).map { _ in value(depth: depth - 1) })
        default: object(depth: depth - 1)
        }
    }

    mutating func object(depth: Int) -> Value {
        var members: [String: Value] = [:]
        for _ in 0..<next(6) {
            members[["a", "b", "é", "ab", "\"", ""][next(6)]] = value(depth: depth)
        }
        return .object(members)
    }

    mutating func changed(_ value: Value) -> Value {
        guard case .object(var members) = value else { return self.value(depth: 2) }
        for name in members.keys.sorted() {
            switch next(6) {
            case 0: members[name] = nil
            case 1, 2: members[name] = changed(members[name] ?? .null)
            default: break
            }
        }
        if next(3) == 0 {
            members["new\(next(2))"] = self.value(depth: 2)
        }
        return .object(members)
    }

    /// What Stripe reports of a change: old values; hashes nested, arrays whole, `null` for what was not there.
    static func previousAttributes(from before: Value, to after: Value) -> Value {
        guard case .object(let old) = before, case .object(let new) = after else { return before }
        var previous: [String: Value] = [:]
        for name in Set(old.keys).union(new.keys) {
            let (was, is_) = (old[name] ?? .null, new[name] ?? .null)
            guard pruned(was) != pruned(is_) else { continue }
            if case .object = was, case .object = is_ {
                previous[name] = previousAttributes(from: was, to: is_)
            } else {
                previous[name] = was
            }
        }
        return .object(previous)
    }

    private static func pruned(_ value: Value) -> Value {
        switch value {
        case .object(let members): .object(members.mapValues(pruned).filter { $0.value != .null })
        case .array(let elements): .array(elements.map(pruned))
        default: value
        }
    }

    mutating func spell(_ value: Value) -> String {
        switch value {
        case .null: return "null"
        case .bool(let bool): return "\(bool)"
        case .integer(let integer): return spell(integer)
        case .string(let string): return spell(string)
        case .array(let elements):
            var parts: [String] = []
            for element in elements {
                parts.append(spell(element))
            }
            return "[" + parts.joined(separator: space() + "," + space()) + space() + "]"
        case .object(let members):
            var names = members.keys.sorted()
            for index in names.indices {
                names.swapAt(index, next(names.count))
            }
            var parts: [String] = []
            for name in names {
                parts.append(spell(name) + space() + ":" + space() + spell(members[name] ?? .null))
            }
            if next(3) == 0 {
                parts.append(#""absent":null"#)
            }
            return "{" + space() + parts.joined(separator: ",") + space() + "}"
        }
    }

    private mutating func space() -> String {
        ["", "", " ", "\n  ", "\t"][next(5)]
    }

    private mutating func spell(_ integer: Int64) -> String {
        switch next(4) {
        case 0: "\(integer).0"
        case 1: "\(integer)e0"
        case 2: integer == 0 ? "-0" : "\(integer)0E-1"
        default: "\(integer)"
        }
    }

    private mutating func spell(_ string: String) -> String {
        var spelled = "\""
        for unit in string.utf16 {
            if next(3) == 0 || unit < 0x20 || unit == 0x22 || unit == 0x5C || UTF16.isLeadSurrogate(unit) || UTF16.isTrailSurrogate(unit) {
                let digits = String(unit, radix: 16, uppercase: next(2) == 0)
                spelled += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                spelled += String(decoding: [unit], as: UTF16.self)
            }
        }
        return spelled + "\""
    }
}
