/// A name that equals another only if their code points are the same.
///
/// Swift's `String` compares characters: "é" in one code point equals "é" in two. Other readers of
/// JSON and forms treat them as two names.
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

    /// Seeded in each process, so that nobody outside can make names with equal hashes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
