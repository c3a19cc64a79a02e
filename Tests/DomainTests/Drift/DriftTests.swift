import Foundation
import TestSupport
import Testing

@testable import Domain

@Suite("Silence and drift")
struct DriftTests {
    private static let france = Country("FR")
    private static let provider = Provider(code: 1, name: "infobip", messageNames: .ours)

    /// Lives through days of traffic, and applies the rules every few minutes.
    private struct Watch {
        var play: TrafficPlay
        private let subject = TrafficSubject.provider(DriftTests.provider)
        private(set) var open: [Alarm] = []
        private(set) var raised: [(minute: Int, finding: DriftFinding)] = []
        private(set) var cleared: [Int] = []

        init(_ traffic: SimulatedTraffic, seed: UInt64) {
            play = TrafficPlay(traffic, seed: seed)
        }

        mutating func run(minutes: Int, lookEvery interval: Int) {
            for _ in 0..<minutes {
                play.step()
                if play.minute % interval == 0 { look() }
            }
        }

        private mutating func look() {
            var verdicts: [Alarm.Topic: DriftVerdict] = [:]
            for (kind, verdict) in DriftJudge(play.history).verdicts {
                verdicts[Alarm.Topic(subject, kind)] = verdict
            }
            for action in AlarmRules.actions(open: open, verdicts: verdicts, at: play.now) {
                switch action {
                case .raise(let topic, let finding):
                    raised.append((play.minute, finding))
                    open.append(alarm(topic, since: play.now))
                case .keep(let topic, _):
                    let since = open.first { $0.topic == topic }?.raisedAt ?? play.now
                    open.removeAll { $0.topic == topic }
                    open.append(alarm(topic, since: since))
                case .clear(let topic), .absorb(let topic):
                    cleared.append(play.minute)
                    open.removeAll { $0.topic == topic }
                }
            }
        }

        private func alarm(_ topic: Alarm.Topic, since: Timestamp) -> Alarm {
            Alarm(
                subject: topic.subject, kind: topic.kind, raisedAt: since, seenAt: play.now,
                sentence: "")
        }
    }

    static let ordinary: [(name: String, traffic: SimulatedTraffic)] = [
        ("busy", SimulatedTraffic(busiestHour: 60_000)),
        ("usual", SimulatedTraffic()),
        ("little", SimulatedTraffic(busiestHour: 500)),
        ("of others", SimulatedTraffic(isOurs: false)),
        ("in bursts", SimulatedTraffic(busiestHour: 3000, burst: 3)),
        ("bursts of others", SimulatedTraffic(busiestHour: 3000, isOurs: false, burst: 3)),
        ("bad anyway", SimulatedTraffic(deliveryRate: 0.45, unheardShare: 0.2)),
        ("without final reports", SimulatedTraffic(unheardShare: 0.97)),
        ("slow anyway", SimulatedTraffic(medianDelay: 240)),
    ]

    /// As in production, if `WAYBILL_DRIFT_EVERY_MINUTE` is set: that takes minutes.
    private static let lookMinutes =
        ProcessInfo.processInfo.environment["WAYBILL_DRIFT_EVERY_MINUTE"] == nil ? 47 : 1

    @Test("Thirty days of ordinary traffic raise no alarm", arguments: ordinary.indices)
    func noFalseAlarm(index: Int) {
        let (name, traffic) = Self.ordinary[index]
        var watch = Watch(traffic, seed: UInt64(index) + 100)
        watch.run(minutes: 30 * 1440, lookEvery: Self.lookMinutes)
        for (minute, finding) in watch.raised {
            let text = finding.sentence(about: "Infobip, France", outcome: nil)
            Issue.record(
                "\(name): day \(minute / 1440), \(minute % 1440 / 60):\(minute % 60): \(text)")
        }
    }

    /// Eight ordinary days and ten hours, on a working day, each with another load; seen at every hour.
    private static let calm: [Watch] = [6000, 60_000, 2400].enumerated().map { number, load in
        var watch = Watch(SimulatedTraffic(busiestHour: load), seed: UInt64(number))
        // At any place in a slot of five minutes.
        watch.run(minutes: 8 * 1440 + 602 + number, lookEvery: 60)
        return watch
    }

    static let faults: [(SimulatedTraffic.Fault, DriftKind)] = [
        (.silence, .silence), (.deliveryRate(0.62, outcome: 77), .failures),
        (.deliveryRate(0.8, outcome: 77), .failures), (.lateReports(1200), .silence),
        (.slowDelivery(1200), .silence), (.lateReports(100), .lateReports),
        (.slowDelivery(150), .slowDelivery),
    ]

    @Test(
        "A fault is found within 15 minutes, once, and clears by itself", arguments: faults.indices)
    func found(index: Int) throws {
        let (fault, kind) = Self.faults[index]
        for var watch in Self.calm {
            #expect(watch.raised.isEmpty)
            let start = watch.play.minute
            watch.play.traffic.fault = (start..<start + 120, fault)
            watch.run(minutes: 15, lookEvery: 1)
            let first = try #require(watch.raised.first, "fault \(index) at \(start)")
            #expect(first.finding.kind == kind)
            if case .deliveryRate(_, let outcome) = fault {
                #expect(first.finding.outcome == outcome)
            }
            // As long as it lasts, something says so: late reports are missed first, and then late.
            watch.run(minutes: 105, lookEvery: 1)
            #expect(!watch.open.isEmpty)
            watch.run(minutes: 180, lookEvery: 1)
            #expect(watch.open.isEmpty)
            for kind in DriftKind.allCases {
                #expect(watch.raised.count { $0.finding.kind == kind } <= 1)
            }
        }
    }

    @Test("Reports of messages that others send are missed where they always come")
    func silenceOfOthers() throws {
        var watch = Watch(SimulatedTraffic(isOurs: false), seed: 1)
        watch.run(minutes: 8 * 1440 + 602, lookEvery: 60)
        #expect(watch.raised.isEmpty)
        let start = watch.play.minute
        watch.play.traffic.fault = (start..<start + 60, .silence)
        watch.run(minutes: 15, lookEvery: 1)
        let finding = try #require(watch.raised.first?.finding)
        #expect(
            finding.sentence(about: "Infobip", outcome: nil)
                .hasPrefix("Infobip: no report in the last 5 minutes, usually about "))
        watch.run(minutes: 120, lookEvery: 1)
        #expect(watch.raised.count == 1 && watch.open.isEmpty)
    }

    @Test("What is found is said in plain words")
    func sentences() {
        let who = "Infobip, France"
        func text(_ evidence: DriftFinding.Evidence, _ minutes: Int = 60) -> String {
            DriftFinding(evidence: evidence, window: .seconds(minutes * 60))
                .sentence(about: who, outcome: "EC_ABSENT_SUBSCRIBER")
        }
        #expect(
            text(.failing(share: 0.62, usual: 0.97, outcome: 7))
                == "Infobip, France: 62% delivered in the last hour, usually 97%; "
                + "mostly EC_ABSENT_SUBSCRIBER")
        #expect(
            text(
                .waiting(messages: 340, share: 1, usual: 0.02, sentBefore: .seconds(300)), 20)
                == "Infobip, France: none of the 340 messages sent in the last 20 minutes and more "
                + "than 5 minutes ago has a final report, usually 98% have")
        #expect(
            text(
                .waiting(messages: 340, share: 0.4, usual: 0.02, sentBefore: .seconds(300)), 20)
                == "Infobip, France: 40% of the 340 messages sent in the last 20 minutes and more "
                + "than 5 minutes ago have no final report, usually 2%")
        #expect(
            text(.late(.seconds(1300), usual: .seconds(3)), 15)
                == "Infobip, France: half of the reports are more than 21 minutes old when they come, "
                + "usually 3 seconds")
        #expect(
            text(.slow(.seconds(90), usual: .milliseconds(200)), 15)
                == "Infobip, France: half of the messages take more than 90 seconds to arrive, "
                + "usually 1 second")
    }

    @Test("Many countries at once are the provider")
    func everywhere() throws {
        let now = TrafficPlay.start
        let finding = DriftFinding(
            evidence: .failing(share: 0.5, usual: 0.97, outcome: nil), window: .seconds(900))
        func topic(_ country: String?) -> Alarm.Topic {
            let country = country.flatMap { Country($0) }
            return Alarm.Topic(
                country.map { .country(Self.provider, $0) } ?? .provider(Self.provider), .failures)
        }
        func actions(_ drifting: [String?], fine: [String] = [], open: [String?] = [])
            -> [AlarmAction]
        {
            var verdicts: [Alarm.Topic: DriftVerdict] = [:]
            for country in drifting { verdicts[topic(country)] = .drifting(finding) }
            for country in fine { verdicts[topic(country)] = .fine }
            let alarms = open.map {
                Alarm(
                    subject: topic($0).subject, kind: .failures, raisedAt: now, seenAt: now,
                    sentence: "")
            }
            return AlarmRules.actions(open: alarms, verdicts: verdicts, at: now)
        }
        // One country, though the provider's total suffers from it.
        #expect(actions([nil, "FR"], fine: ["DE"]) == [.raise(topic("FR"), finding)])
        // Small countries that say nothing alone.
        #expect(actions([nil]) == [.raise(topic(nil), finding)])
        #expect(
            actions([nil, "FR", "DE", "CH"], fine: ["IT"]) == [.raise(topic(nil), finding)])
        #expect(
            actions([nil, "FR", "DE", "CH"], fine: ["IT", "ES", "PT"]).count == 3)
        // What was raised before the others followed is said by the one alarm from then on.
        #expect(
            actions([nil, "FR", "DE", "CH"], open: ["FR"])
                == [.absorb(topic("FR")), .raise(topic(nil), finding)])
        #expect(
            actions([nil, "FR", "DE", "CH"], open: [nil]) == [.keep(topic(nil), finding)])
        // And one country's alarm is not repeated for the whole.
        #expect(actions([nil, "FR"], open: ["FR"]) == [.keep(topic("FR"), finding)])
    }
}
