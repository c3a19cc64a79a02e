import Domain

/// What is due at a time, the earliest first: a binary heap.
struct TimerHeap<Element: Sendable>: Sendable {
    private var entries: [(due: Timestamp, element: Element)] = []

    var count: Int { entries.count }

    /// When the first one is due.
    var first: Timestamp? { entries.first?.due }

    mutating func insert(_ element: Element, due: Timestamp) {
        entries.append((due, element))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].due < entries[parent].due else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the first one if it is due.
    mutating func pop(until now: Timestamp) -> Element? {
        guard let due = first, due <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        let element = entries.removeLast().element
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].due < entries[least].due {
                least = child
            }
            guard least != parent else { return element }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
