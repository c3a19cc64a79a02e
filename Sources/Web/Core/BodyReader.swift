import Domain
import FastCGI
import JSON

/// Reads the members of a small JSON body, and collects everything that is wrong with them.
///
/// A member that is null counts as absent.
struct BodyReader {
    private let members: [JSONValue.Member]
    /// The names of those that are null.
    private let nulls: Set<String>
    var problems = FieldProblems()

    /// The most bytes of such a body: an address, two passwords and a token, all of it escaped.
    static let byteLimit = 8 << 10

    /// - Parameters:
    ///   - members: of the body.
    ///   - known: the names that there are; any other one is a problem.
    init(_ members: [JSONValue.Member], known: [String]) {
        self.members = members.filter { $0.value != .null }
        nulls = Set(members.filter { $0.value == .null }.map(\.name))
        for name in members.map(\.name).sorted() where !known.contains(name) {
            problems.add(
                String(name.prefix(100)), "unknown_member",
                "There is no member of this name; known: \(known.joined(separator: ", ")).")
        }
    }

    /// Reads the body of a request.
    ///
    /// - Parameters:
    ///   - exchange: whose body is read, once.
    ///   - request: the same request's headers.
    ///   - description: whose example an error shows.
    ///   - known: the names that there are.
    /// - Throws: as `JSONBody.members`.
    init(
        _ exchange: Exchange, _ request: APIRequest, _ description: RouteDescription,
        known: [String]
    ) throws(Problem) {
        if description.body?.isOptional == true, !request.hasBody {
            self.init([], known: known)
        } else {
            let members = try JSONBody.members(
                of: exchange, request, limit: Self.byteLimit, limits: Self.limits,
                example: description.body?.example ?? "{}")
            self.init(members, known: known)
        }
    }

    private static let limits: JSONReader.Limits = {
        var limits = JSONReader.Limits()
        limits.depth = 4
        limits.string = byteLimit
        limits.values = 300
        return limits
    }()

    func has(_ name: String) -> Bool { value(name) != nil }

    /// Whether a member is there and null: where that takes something back.
    func isNull(_ name: String) -> Bool { nulls.contains(name) }

    /// Whether no member is there.
    var isEmpty: Bool { members.isEmpty }

    private func value(_ name: String) -> JSONValue? {
        members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// A text as it stands; for passwords and tokens, which others check.
    mutating func text(_ name: String) -> String? {
        switch value(name) {
        case nil:
            return nil
        case .string(let text):
            return text
        case .some(let other):
            problems.add(name, "wrong_type", "It must be a string, and is \(other.kind).")
            return nil
        }
    }

    /// A text that must be there.
    mutating func requiredText(_ name: String) -> String {
        guard has(name) else {
            problems.add(name, "missing", "It is required.")
            return ""
        }
        return text(name) ?? ""
    }

    mutating func flag(_ name: String) -> Bool? {
        switch value(name) {
        case nil:
            return nil
        case .boolean(let flag):
            return flag
        case .some(let other):
            problems.add(name, "wrong_type", "It must be true or false, and is \(other.kind).")
            return nil
        }
    }

    /// Texts in an array, each with its place; nil if it is absent or no array.
    mutating func texts(_ name: String) -> [(index: Int, text: String)]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value else {
            problems.add(name, "wrong_type", "It must be an array, and is \(value.kind).")
            return nil
        }
        var texts: [(index: Int, text: String)] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else {
                problems.add(
                    "\(name)[\(index)]", "wrong_type",
                    "It must be a string, and is \(element.kind).")
                continue
            }
            texts.append((index, text))
        }
        return texts
    }

    /// The members of an object.
    mutating func object(_ name: String) -> [JSONValue.Member]? {
        guard let value = value(name) else { return nil }
        guard case .object(let members) = value else {
            problems.add(name, "wrong_type", "It must be an object, and is \(value.kind).")
            return nil
        }
        return members
    }

    /// A whole number within bounds.
    mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .number(let text) = value, let number = Int(text) else {
            problems.add(name, "wrong_type", "It must be a whole number, and is \(value.kind).")
            return nil
        }
        guard range.contains(number) else {
            problems.add(
                name, "bad_value", "It takes \(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return number
    }

    /// The number of a row, from 1 on.
    mutating func number(_ name: String) -> Int64? {
        value(name).flatMap { number($0, name) }
    }

    /// The same in an array of so many.
    mutating func numbers(_ name: String, _ counts: ClosedRange<Int>) -> [Int64]? {
        guard let value = value(name) else { return nil }
        guard case .array(let elements) = value, counts.contains(elements.count) else {
            problems.add(
                name, "wrong_type",
                "It must be an array of \(counts.lowerBound) to \(counts.upperBound) numbers.")
            return nil
        }
        var numbers: [Int64] = []
        for (index, element) in elements.enumerated() {
            if let number = number(element, "\(name)[\(index)]") { numbers.append(number) }
        }
        return numbers
    }

    private mutating func number(_ value: JSONValue, _ place: String) -> Int64? {
        guard case .number(let text) = value, let number = Int64(text) else {
            problems.add(place, "wrong_type", "It must be a whole number, and is \(value.kind).")
            return nil
        }
        guard number > 0 else {
            problems.add(place, "bad_value", "It takes a number from 1 on.")
            return nil
        }
        return number
    }

    /// - Throws: 422 `invalid_fields` with all problems, if there are any.
    func check() throws(Problem) {
        guard problems.count > 0 else { return }
        throw Problem(
            .unprocessableContent, "invalid_fields",
            problems.count == 1
                ? "One field is wrong; nothing was changed."
                : "\(problems.count) fields are wrong; nothing was changed.",
            fields: problems)
    }
}
