/// A whole document, and members with their values in one call.
extension JSONWriter {
    /// The text of one object.
    ///
    /// - Parameters:
    ///   - style: how control characters are written.
    ///   - build: writes its members.
    /// - Returns: UTF-8.
    public static func document(
        _ style: Style = .usual, _ build: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(style)
        json.object(build)
        return json.bytes
    }

    /// An object as a value.
    public mutating func object(_ build: (inout JSONWriter) -> Void) {
        beginObject()
        build(&self)
        endObject()
    }

    /// An array as a value.
    public mutating func array(_ build: (inout JSONWriter) -> Void) {
        beginArray()
        build(&self)
        endArray()
    }

    /// A member that is an object.
    public mutating func object(_ name: String, _ build: (inout JSONWriter) -> Void) {
        key(name)
        object(build)
    }

    /// A member that is an array.
    public mutating func array(_ name: String, _ build: (inout JSONWriter) -> Void) {
        key(name)
        array(build)
    }

    /// A text, or an explicit `null`, so that answers keep their shape.
    public mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// `true` or `false`, or an explicit `null`.
    public mutating func member(_ name: String, _ value: Bool?) {
        key(name)
        if let value { boolean(value) } else { null() }
    }

    /// A whole number, or an explicit `null`.
    @inlinable
    public mutating func member(_ name: String, _ value: (some FixedWidthInteger)?) {
        key(name)
        if let value { integer(Int64(value)) } else { null() }
    }

    /// A duration in milliseconds, or an explicit `null`; the name must end in `_ms`.
    public mutating func member(_ name: String, milliseconds value: Duration?) {
        key(name)
        guard let value else { return null() }
        let (seconds, attoseconds) = value.components
        number(Double(seconds) * 1000 + Double(attoseconds) * 1e-15)
    }

    /// A text, left out where there is none.
    public mutating func member(_ name: String, ifAny value: String?) {
        if let value { member(name, value) }
    }

    /// A whole number, left out where there is none.
    @inlinable
    public mutating func member(_ name: String, ifAny value: (some FixedWidthInteger)?) {
        if let value { member(name, value) }
    }

    /// `true`, left out where it is false.
    public mutating func member(_ name: String, ifTrue value: Bool) {
        if value { member(name, true) }
    }
}
