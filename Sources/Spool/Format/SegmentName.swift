package import Domain

/// The name of a segment's file: when it was made, and its id.
///
/// `0006503c5a1f2b40-9f86d081884c7d65.segment`: two numbers of sixteen hexadecimal digits, the
/// microseconds since 1970 first, so that names sort by time.
package struct SegmentName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let createdAt: Timestamp
    package let id: UInt64

    /// How the files' names end.
    static let ending = ".segment"
    /// While it is being made: nobody has been told of anything in it.
    static let newEnding = ".new"
    /// Bytes that were set aside.
    static let damagedEnding = ".damaged"

    /// A new name.
    package init(at time: Timestamp) {
        createdAt = time
        id = .random(in: 1...UInt64.max)
    }

    /// Reads a file's name; nil if it is not a segment's.
    package init?(_ name: String) {
        let parts = name.dropLast(Self.ending.count).split(separator: "-")
        guard name.hasSuffix(Self.ending), parts.count == 2, parts.allSatisfy({ $0.count == 16 }),
            let time = UInt64(parts[0], radix: 16), let id = UInt64(parts[1], radix: 16)
        else { return nil }
        createdAt = Timestamp(microseconds: Int64(clamping: time))
        self.id = id
    }

    /// Reads the name of a file that is being made; nil if it is none.
    init?(unfinished name: String) {
        guard name.hasSuffix(Self.newEnding) else { return nil }
        self.init(name.dropLast(Self.newEnding.count) + Self.ending)
    }

    package var description: String { base + Self.ending }

    /// The name until it is in use.
    var unfinished: String { base + Self.newEnding }

    /// The name of a file for a segment's damaged bytes from an offset on.
    static func damaged(_ segment: String, at offset: Int) -> String {
        "\(segment)-\(offset)" + damagedEnding
    }

    /// Whether a file is one of the spool's.
    static func isOurs(_ name: String) -> Bool {
        [ending, newEnding, damagedEnding].contains(where: name.hasSuffix)
    }

    private var base: String {
        Self.padded(UInt64(clamping: createdAt.microseconds)) + "-" + Self.padded(id)
    }

    private static func padded(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    package static func < (a: SegmentName, b: SegmentName) -> Bool {
        (a.createdAt, a.id) < (b.createdAt, b.id)
    }
}
