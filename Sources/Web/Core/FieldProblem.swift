/// What is wrong with one field of a send request.
package struct FieldProblem: Sendable, Equatable {
    /// The member's name as it was sent, with a place for one of several: `to[3]`.
    package let field: String
    /// A stable word for programs.
    package let code: String
    /// One sentence for people.
    package let detail: String

    package init(_ field: String, _ code: String, _ detail: String) {
        self.field = field
        self.code = code
        self.detail = detail
    }
}

/// Everything that is wrong with a send request.
package struct FieldProblems: Sendable, Equatable {
    /// The first of them.
    package private(set) var list: [FieldProblem] = []
    /// All of them.
    package private(set) var count = 0

    /// Bounds the answer, which should not be larger than the request.
    static let listLimit = 100

    init() {}

    mutating func add(_ field: String, _ code: String, _ detail: String) {
        count += 1
        if list.count < Self.listLimit { list.append(FieldProblem(field, code, detail)) }
    }
}
