/// Something that is other than usual, for as long as it is.
package struct Alarm: Sendable, Equatable {
    package let subject: TrafficSubject
    package let kind: DriftKind
    package let raisedAt: Timestamp
    /// When it was last found.
    package let seenAt: Timestamp
    /// What changed, in plain words.
    package let sentence: String

    package init(
        subject: TrafficSubject, kind: DriftKind, raisedAt: Timestamp, seenAt: Timestamp,
        sentence: String
    ) {
        self.subject = subject
        self.kind = kind
        self.raisedAt = raisedAt
        self.seenAt = seenAt
        self.sentence = sentence
    }

    /// What an alarm is about; one is on at a time for each.
    package struct Topic: Hashable, Sendable {
        package let subject: TrafficSubject
        package let kind: DriftKind

        package init(_ subject: TrafficSubject, _ kind: DriftKind) {
            self.subject = subject
            self.kind = kind
        }
    }

    package var topic: Topic { Topic(subject, kind) }
}

/// Gives the alarms that are on. Any thread.
package protocol AlarmProbe: Sendable {
    /// As they were last read, the oldest first; never blocks.
    var alarms: [Alarm] { get }
}

/// What is to be done with alarms.
package enum AlarmAction: Sendable, Equatable {
    case raise(Alarm.Topic, DriftFinding)
    /// It goes on; a finding brings the numbers up to date.
    case keep(Alarm.Topic, DriftFinding?)
    /// It is over.
    case clear(Alarm.Topic)
    /// An alarm about the whole provider says it as well.
    case absorb(Alarm.Topic)
}

/// Decides when alarms are raised and cleared. A pure function of what is on and what was found.
package enum AlarmRules {
    /// How long it must be fine before an alarm is over, so that none is raised again and again.
    private static let calm: Duration = .seconds(600)
    /// The same where too few messages come to tell.
    private static let quiet: Duration = .seconds(7200)
    /// From so many countries on, it is the provider.
    private static let manyCountries = 3

    /// - Parameters:
    ///   - open: the alarms that are on.
    ///   - verdicts: of each subject and kind; those without one are unknown.
    ///   - now: the moment that they are as of.
    /// - Returns: at most one action for each topic.
    package static func actions(
        open: [Alarm], verdicts: [Alarm.Topic: DriftVerdict], at now: Timestamp
    ) -> [AlarmAction] {
        let raised = verdicts.keys.map { Alarm.Topic(.provider($0.subject.provider), $0.kind) }
        var actions: [AlarmAction] = []
        for topic in Set(raised + open.map { Alarm.Topic(.provider($0.subject.provider), $0.kind) })
            .sorted(by: { $0.order < $1.order })
        {
            func isPart(_ other: Alarm.Topic) -> Bool {
                other.kind == topic.kind && other.subject.provider == topic.subject.provider
            }
            actions += one(
                topic, open: open.filter { isPart($0.topic) },
                verdicts: verdicts.filter { isPart($0.key) }, at: now)
        }
        return actions
    }

    /// The actions of one kind of one provider.
    private static func one(
        _ whole: Alarm.Topic, open: [Alarm], verdicts: [Alarm.Topic: DriftVerdict],
        at now: Timestamp
    ) -> [AlarmAction] {
        var actions: [AlarmAction] = []
        var openTopics = Set(open.map(\.topic))
        for alarm in open {
            let action = next(alarm, verdicts[alarm.topic] ?? .unknown, at: now)
            if case .clear = action { openTopics.remove(alarm.topic) }
            if let action { actions.append(action) }
        }
        let drifting = verdicts.compactMap { topic, verdict -> (Alarm.Topic, DriftFinding)? in
            guard case .drifting(let finding) = verdict else { return nil }
            return (topic, finding)
        }.sorted { $0.0.order < $1.0.order }
        let countries = drifting.filter { $0.0 != whole }
        let judged = verdicts.count { $0.key != whole && $0.value != .unknown }
        let isEverywhere =
            countries.isEmpty
            || countries.count >= manyCountries && countries.count * 2 > judged
        if isEverywhere, !openTopics.contains(whole),
            // While one country's alarm is on, it is the reason for the whole as well.
            countries.count >= manyCountries || openTopics.isEmpty,
            let finding = drifting.first(where: { $0.0 == whole })?.1
        {
            actions.append(.raise(whole, finding))
            openTopics.insert(whole)
        }
        guard openTopics.contains(whole) else {
            return actions
                + countries.filter { !openTopics.contains($0.0) }.map { .raise($0.0, $0.1) }
        }
        return actions.map { action in
            if case .keep(let topic, _) = action, topic != whole { return .absorb(topic) }
            return action
        }
    }

    /// What becomes of an alarm that is on; nil if it waits.
    private static func next(
        _ alarm: Alarm, _ verdict: DriftVerdict, at now: Timestamp
    ) -> AlarmAction? {
        switch verdict {
        case .drifting(let finding): .keep(alarm.topic, finding)
        case .uneasy: .keep(alarm.topic, nil)
        case .fine: now.since(alarm.seenAt) >= calm ? .clear(alarm.topic) : nil
        case .unknown: now.since(alarm.seenAt) >= quiet ? .clear(alarm.topic) : nil
        }
    }
}

extension Alarm.Topic {
    /// The same order each time.
    fileprivate var order: String {
        "\(subject.provider.code) \(kind.rawValue) \(subject.country?.description ?? "")"
    }
}
