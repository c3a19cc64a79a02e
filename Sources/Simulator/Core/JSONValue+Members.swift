import JSON

extension JSONReader.Limits {
    /// The bounds for a request of 10,000 messages with long texts.
    static let simulator: JSONReader.Limits = {
        var limits = JSONReader.Limits()
        limits.string = 1 << 20
        return limits
    }()
}

/// A member by its name; nil where it is missing or `null`.
extension JSONValue {
    func string(_ name: String) throws(RequestProblem) -> String? {
        switch try member(name) {
        case nil: return nil
        case .string(let text)?: return text
        default: throw RequestProblem.wrongType
        }
    }

    func integer(_ name: String) throws(RequestProblem) -> Int? {
        guard let value = try member(name) else { return nil }
        guard let integer = value.integer else { throw RequestProblem.wrongType }
        return Int(integer)
    }

    func flag(_ name: String) throws(RequestProblem) -> Bool? {
        switch try member(name) {
        case nil: return nil
        case .boolean(let flag)?: return flag
        default: throw RequestProblem.wrongType
        }
    }

    func object(_ name: String) throws(RequestProblem) -> JSONValue? {
        guard let value = try member(name) else { return nil }
        guard case .object = value else { throw RequestProblem.wrongType }
        return value
    }

    func array(_ name: String) throws(RequestProblem) -> [JSONValue]? {
        switch try member(name) {
        case nil: return nil
        case .array(let elements)?: return elements
        default: throw RequestProblem.wrongType
        }
    }

    private func member(_ name: String) throws(RequestProblem) -> JSONValue? {
        guard case .object = self else { throw RequestProblem.wrongType }
        return self[name]
    }
}
