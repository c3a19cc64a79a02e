import Domain

/// Why a text is no JSON, or none within the bounds, and where. Small, for it is thrown by value.
struct JSONFault: Error, Equatable {
    /// The closed list.
    enum Code: UInt8 {
        case unexpectedByte
        case unexpectedEnd
        case controlCharacter
        case badEscape
        case badNumber
        case trailing
        case tooDeep
        case longString
        case longNumber
    }

    let code: Code
    /// Bytes from the start of the text.
    let offset: Int

    init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// The fault as the whole callback's malformation.
    ///
    /// - Parameters:
    ///   - path: the result that it stands in, where it does.
    ///   - limits: the bounds that were in force, for the text.
    /// - Returns: the malformation, with nothing of the body in it.
    func malformation(in path: String?, limits: JSONReader.Limits) -> Malformation {
        let place = path.map { "byte \(offset) in \($0)" } ?? "byte \(offset)"
        switch code {
        case .tooDeep:
            return Malformation(
                .tooDeep, at: place, "Nesting goes over \(limits.depth) levels.")
        case .longString:
            return Malformation(
                .tooLong, at: place, "A string is longer than \(limits.string) bytes.")
        case .longNumber:
            return Malformation(
                .tooLong, at: place, "A number is longer than \(limits.number) characters.")
        case .unexpectedByte:
            return Malformation(.notJSON, at: place, "This byte cannot stand here in JSON.")
        case .unexpectedEnd:
            return Malformation(.notJSON, at: place, "The JSON text ends before it is complete.")
        case .controlCharacter:
            return Malformation(
                .notJSON, at: place, "A control character in a string must be escaped.")
        case .badEscape:
            return Malformation(.notJSON, at: place, "JSON has no such escape.")
        case .badNumber:
            return Malformation(.notJSON, at: place, "A digit was expected in a number.")
        case .trailing:
            return Malformation(.notJSON, at: place, "Something follows the end of the JSON text.")
        }
    }
}
