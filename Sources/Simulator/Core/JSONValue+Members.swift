import JSON

/// A member, or the whole, is not of the type that an API takes.
struct WrongType: Error {}

extension JSONReader.Limits {
    /// A request of an API: 10,000 messages with long texts.
    static let simulator: JSONReader.Limits = {
        var limits = JSONReader.Limits()
        limits.string = 1 << 20
        return limits
    }()
}

/// A member by its name; nil where it is missing or `null`.
extension JSONValue {
    func string(_ name: String) throws(WrongType) -> String? {
        switch try member(name) {
        case nil: return nil
        case .string(let text)?: return text
        default: throw WrongType()
        }
    }

    func integer(_ name: String) throws(WrongType) -> Int? {
        guard let value = try member(name) else { return nil }
        guard let integer = value.integer else { throw WrongType() }
        return Int(integer)
    }

    func flag(_ name: String) throws(WrongType) -> Bool? {
        switch try member(name) {
        case nil: return nil
        case .boolean(let flag)?: return flag
        default: throw WrongType()
        }
    }

    func object(_ name: String) throws(WrongType) -> JSONValue? {
        guard let value = try member(name) else { return nil }
        guard case .object = value else { throw WrongType() }
        return value
    }

    func array(_ name: String) throws(WrongType) -> [JSONValue]? {
        switch try member(name) {
        case nil: return nil
        case .array(let elements)?: return elements
        default: throw WrongType()
        }
    }

    private func member(_ name: String) throws(WrongType) -> JSONValue? {
        guard case .object = self else { throw WrongType() }
        return self[name]
    }
}
