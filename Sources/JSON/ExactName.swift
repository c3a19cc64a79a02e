/// A name that is the same as another only if their code points are.
///
/// Two texts of the same characters are one `String`: "é" in one code point equals "é" in two. To
/// everybody else who reads JSON or a form they are two names.
public struct ExactName: Hashable, Sendable {
    /// The name as it came.
    public let text: String

    /// A name as it came.
    @inlinable
    public init(_ text: String) {
        self.text = text
    }

    /// Whether two names have the same code points.
    @inlinable
    public static func == (a: Self, b: Self) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    /// Seeded anew in each process: nobody outside can foresee which names have one hash.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
