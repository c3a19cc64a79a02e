import TestSupport

/// Changes an input in one to four places, as lines, proxies and attackers do.
struct Mutations {
    private let target: FuzzTarget
    private var generator: SplitMix64

    init(of target: FuzzTarget, seed: UInt64) {
        self.target = target
        generator = SplitMix64(state: seed)
    }

    /// The next input.
    mutating func next() -> [UInt8] {
        var bytes = target.seeds.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&bytes) }
        return Array(bytes.prefix(FuzzTarget.longestInput))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = [.random(in: 0...255, using: &generator)]
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let end = min(
            place + Int.random(in: 0..<(bytes.count - place), using: &generator), place + 64)
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = .random(in: 0...255, using: &generator)
        case 2: bytes.removeSubrange(place...end)
        case 3: bytes.insert(contentsOf: bytes[place...end], at: place)
        case 4: bytes = Array(bytes.prefix(place))
        case 5:
            // The beginning of one and the end of another one.
            let other = target.seeds.randomElement(using: &generator) ?? []
            bytes = Array(bytes.prefix(place)) + other.dropFirst(place)
        case 6:
            // A length, a count or a kind that is one more or less, or as large as can be.
            let steps: [UInt8] = [bytes[place] &+ 1, bytes[place] &- 1, 0, 127, 128, 255]
            bytes[place] = steps.randomElement(using: &generator) ?? 0
        case 7:
            let word = Array((target.words.randomElement(using: &generator) ?? "").utf8)
            bytes.insert(contentsOf: word, at: place)
        default:
            let word = Array((target.words.randomElement(using: &generator) ?? "").utf8)
            bytes.replaceSubrange(place..<min(place + word.count, bytes.count), with: word)
        }
    }
}
