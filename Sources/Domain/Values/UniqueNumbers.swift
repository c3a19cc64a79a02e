private import Synchronization

/// Numbers that do not repeat, for identifiers. The start cannot be guessed; later ones can, so
/// they are not secrets.
///
/// A system call for every number took a microsecond of each callback. All threads share one
/// sequence of SplitMix64 from a random start: within a process no number comes twice, and two
/// processes collide as rarely as any two random numbers.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct UniqueNumbers: RandomNumberGenerator {
    private static let state = Atomic<UInt64>(.random(in: .min ... .max))
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        var number = Self.state.wrappingAdd(Self.step, ordering: .relaxed).newValue
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }
}
