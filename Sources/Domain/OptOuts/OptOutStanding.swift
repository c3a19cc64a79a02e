/// Which entry keeps messages from somebody, if any. Pure: the order of the entries means nothing.
///
/// Two questions are asked, each answered by the latest entry that applies: whether the person is
/// out, by all but an operator's blocks; and whether an operator blocks them. So a person's START
/// lifts their own STOP and never an operator's block, while an operator can lift both. Of two
/// entries of the same moment the one that keeps messages away holds.
package enum OptOutStanding {
    /// - Parameters:
    ///   - sender: the sender of the message; nil if it is not known yet: then an entry about any
    ///     sender applies.
    ///   - entries: those of one number; of each sender, source and direction the latest is enough.
    /// - Returns: the entry that holds; nil if messages may be sent.
    package static func block(
        for sender: String?, among entries: some Sequence<OptOutEntry>
    ) -> OptOutEntry? {
        var general: [OptOutEntry] = []
        var bySender: [String: [OptOutEntry]] = [:]
        for entry in entries {
            if let name = entry.sender {
                bySender[key(name), default: []].append(entry)
            } else {
                general.append(entry)
            }
        }
        if let sender { return block(general + (bySender[key(sender)] ?? [])) }
        let all = [general] + bySender.keys.sorted().map { general + (bySender[$0] ?? []) }
        return all.lazy.compactMap { block($0) }.first
    }

    /// The entries of one number that hold, each for its own sender: what to show.
    ///
    /// - Parameter entries: all of the number's, or the latest of each sender, source and direction.
    /// - Returns: those that keep messages away, without those that another one covers.
    package static func holding(_ entries: [OptOutEntry]) -> [OptOutEntry] {
        entries.filter { entry in
            guard entry.isOut else { return false }
            let scope = entries.filter { other in
                other.sender == nil
                    || entry.sender.map { name in
                        other.sender.map { key($0) == key(name) } ?? true
                    } ?? false
            }
            let rivals = scope.filter { other in
                other.source == .operator && !other.isOut
                    || (other.source == .operator) == (entry.source == .operator)
            }
            return latest(rivals)?.id == entry.id
        }
    }

    private static func block(_ entries: [OptOutEntry]) -> OptOutEntry? {
        let lifted = entries.filter { $0.source == .operator && !$0.isOut }
        let blocked = entries.filter { $0.source == .operator && $0.isOut }
        let theirs = entries.filter { $0.source != .operator }
        return [latest(blocked + lifted), latest(theirs + lifted)].lazy
            .compactMap { $0 }.first { $0.isOut }
    }

    private static func latest(_ entries: [OptOutEntry]) -> OptOutEntry? {
        entries.max { a, b in
            if a.at != b.at { return a.at < b.at }
            if a.isOut != b.isOut { return b.isOut }
            return a.id < b.id
        }
    }

    /// A sender without its `+`, since providers write it with and without, and in small letters.
    package static func key(_ sender: String) -> String {
        (sender.first == "+" ? String(sender.dropFirst()) : sender).lowercased()
    }
}
