/// Writes the JSON body of a request to a provider.
///
/// What has no value is left out: to both providers that is the same as their default.
package struct JSONBody {
    private var json = JSONCompactor()

    /// - Parameter write: the members of the root object.
    package init(_ write: (inout JSONBody) -> Void) {
        object(nil, write)
    }

    /// The text so far.
    package var bytes: [UInt8] { json.bytes }

    /// Adds a string; NUL, which no SMS can hold, becomes U+FFFD.
    package mutating func member(_ name: String, _ text: String?) {
        guard let text else { return }
        begin(name)
        json.append(quoting: text)
    }

    /// Adds a number.
    package mutating func member(_ name: String, _ number: Int?) {
        guard let number else { return }
        begin(name)
        json.append(compact: Array(String(number).utf8))
    }

    /// Adds a flag if it is set; both providers take a missing one for false.
    package mutating func flag(_ name: String, _ isSet: Bool) {
        guard isSet else { return }
        begin(name)
        json.append(compact: Array("true".utf8))
    }

    /// Adds an object; without a name it is an element of an array.
    package mutating func object(_ name: String?, _ write: (inout JSONBody) -> Void) {
        begin(name)
        json.append(UInt8(ascii: "{"))
        write(&self)
        json.append(UInt8(ascii: "}"))
    }

    /// Adds an array.
    package mutating func array(_ name: String, _ write: (inout JSONBody) -> Void) {
        begin(name)
        json.append(UInt8(ascii: "["))
        write(&self)
        json.append(UInt8(ascii: "]"))
    }

    private mutating func begin(_ name: String?) {
        // No value ends in a bracket that opens, so the last byte tells whether one stands before.
        switch json.bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["): break
        default: json.append(UInt8(ascii: ","))
        }
        guard let name else { return }
        json.append(quoting: name)
        json.append(UInt8(ascii: ":"))
    }
}
