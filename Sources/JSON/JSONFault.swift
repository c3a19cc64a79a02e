/// Why a text is not JSON or exceeds a bound, and where. Small, because it is thrown by value.
public struct JSONFault: Error, Equatable, Sendable {
    /// The closed list.
    public enum Code: UInt8, Sendable {
        case unexpectedByte
        case unexpectedEnd
        case controlCharacter
        case badEscape
        case badNumber
        case trailing
        case tooDeep
        case longString
        case longNumber
        case invalidUTF8
        case halfSurrogate
        case duplicateName
        case tooManyValues
        case hugeNumber
    }

    /// What is wrong.
    public let code: Code
    /// Bytes from the start of the text.
    public let offset: Int

    /// A fault at an offset.
    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// One sentence that says what is wrong, without any part of the text.
    ///
    /// - Parameter limits: the bounds that were in force.
    /// - Returns: the sentence.
    package func explanation(_ limits: JSONReader.Limits) -> String {
        switch code {
        case .unexpectedByte: "This byte cannot stand here in JSON."
        case .unexpectedEnd: "The JSON text ends before it is complete."
        case .controlCharacter: "A control character in a string must be escaped."
        case .badEscape: "JSON has no such escape."
        case .badNumber: "A digit was expected in a number."
        case .trailing: "Something follows the end of the JSON text."
        case .tooDeep: "Nesting goes over \(limits.depth) levels."
        case .longString: "A string is longer than \(limits.string) bytes."
        case .longNumber: "A number is longer than \(limits.number) characters."
        case .invalidUTF8: "A string holds bytes that are no UTF-8."
        case .halfSurrogate: "An escape is half of a surrogate pair, which stands for no character."
        case .duplicateName: "An object has this member twice, so that it has no one value."
        case .tooManyValues: "There are more than \(limits.values) values."
        case .hugeNumber: "A number is beyond what can be stored."
        }
    }
}
