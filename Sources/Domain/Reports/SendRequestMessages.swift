/// Finds the messages that callbacks to a send request's URL are about.
///
/// The provider returns the recipient, perhaps in another spelling: a message to +549… is reported
/// of +54…. So the message is found, in this order, by the provider's name for it, if an earlier
/// callback gave it; by the recipient, compared as a number; and as the only message of the send
/// request without a name. A report that matches none of them, or two, is about none.
package struct SendRequestMessages: Sendable {
    /// A message of the send request.
    package struct Member: Sendable {
        package let id: MessageID
        /// The provider that has it, or is to have it.
        package let provider: Provider
        package let status: Status
        package let recipient: String
        /// The provider's name for it; nil while unknown.
        package let name: String?

        package init(
            id: MessageID, provider: Provider, status: Status, recipient: String, name: String?
        ) {
            self.id = id
            self.provider = provider
            self.status = status
            self.recipient = recipient
            self.name = name
        }
    }

    private let members: [Member]
    private let numbers: [DialledDigits]
    /// The place of the message of each name, including those found here.
    private var places: [String: Int] = [:]
    private var named: Set<Int> = []

    /// - Parameter members: all messages of the send request.
    package init(_ members: [Member]) {
        self.members = members
        numbers = members.map { DialledDigits($0.recipient) }
        for (place, member) in members.enumerated() {
            guard let name = member.name, name != member.id.description else { continue }
            places[name] = place
            named.insert(place)
        }
    }

    /// The messages that reports of one provider are about, in their order; nil for one that cannot
    /// be found.
    package mutating func match(_ reports: [Report]) -> [MessageID?] {
        var found = reports.map { place(byName: $0) }
        for (index, report) in reports.enumerated() where found[index] == nil {
            found[index] = place(byName: report) ?? place(byNumber: report)
            note(found[index], report)
        }
        // Last, because the names that were found first show which message is left.
        for (index, report) in reports.enumerated() where found[index] == nil {
            found[index] = place(byName: report) ?? onlyOneLeft(at: report.provider)
            note(found[index], report)
        }
        return found.map { place in place.map { members[$0].id } }
    }

    private mutating func note(_ place: Int?, _ report: Report) {
        guard let place else { return }
        places[report.providerMessageID] = place
        named.insert(place)
    }

    private func place(byName report: Report) -> Int? { places[report.providerMessageID] }

    private func place(byNumber report: Report) -> Int? {
        guard let recipient = report.recipient else { return nil }
        let wanted = DialledDigits(recipient)
        let exact = numbers.firstIndex(of: wanted)
        if let exact, !named.contains(exact) { return exact }
        // A message with another name had another attempt, unless another message to the same phone
        // in another spelling has no name yet.
        let close = closest(to: wanted, but: exact)
        guard let exact else { return close }
        return close.flatMap { named.contains($0) ? nil : $0 } ?? exact
    }

    /// The message whose number is most similar to this one.
    private func closest(to wanted: DialledDigits, but exact: Int?) -> Int? {
        let likenesses = numbers.indices.filter { $0 != exact }.compactMap { place in
            NumberLikeness(numbers[place], wanted).map { (place: place, likeness: $0) }
        }
        guard let most = likenesses.map(\.likeness).max() else { return nil }
        var best = likenesses.filter { $0.likeness == most }.map(\.place)
        if best.count > 1 { best = best.filter { !named.contains($0) } }
        return best.count == 1 ? best[0] : nil
    }

    private func onlyOneLeft(at provider: Provider) -> Int? {
        let left = members.indices.filter { place in
            guard members[place].provider == provider, !named.contains(place) else { return false }
            // The provider never had it.
            return ![.rejected, .cancelled].contains(members[place].status)
        }
        let open = left.filter { !members[$0].status.isFinal }
        let rest = open.isEmpty ? left : open
        return rest.count == 1 ? rest[0] : nil
    }
}
