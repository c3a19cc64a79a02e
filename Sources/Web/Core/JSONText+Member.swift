package import Telemetry

/// A member in one call; an absent value is an explicit `null`, so that answers keep their shape.
extension JSONText {
    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: Bool?) {
        key(name)
        if let value { boolean(value) } else { null() }
    }

    package mutating func member(_ name: String, _ value: (some FixedWidthInteger)?) {
        key(name)
        if let value { integer(Int64(value)) } else { null() }
    }

    /// A duration in milliseconds; the name must end in `_ms`.
    package mutating func member(_ name: String, milliseconds value: Duration?) {
        key(name)
        guard let value else { return null() }
        let (seconds, attoseconds) = value.components
        number(Double(seconds) * 1000 + Double(attoseconds) * 1e-15)
    }
}
