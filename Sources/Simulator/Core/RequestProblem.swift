/// What is wrong with a request, as the API reports it.
struct RequestProblem: Error {
    enum Code: Sendable {
        /// A member, or the whole, has not the type that the API expects.
        case wrongType
        /// A value is not valid or missing.
        case invalid
    }

    let code: Code
    let text: String

    static let wrongType = RequestProblem(code: .wrongType, text: "wrong type")

    init(_ text: String) {
        self.init(code: .invalid, text: text)
    }

    private init(code: Code, text: String) {
        self.code = code
        self.text = text
    }
}
