import Domain
import Testing

@Suite("Counts of messages")
struct MessageFiguresTests {
    @Test("what a class of times stands for is off by 6.25% at most")
    func classesAreNarrow() {
        var milliseconds: Int64 = 8
        while milliseconds < 30 * 86_400_000 {
            for value in [milliseconds, milliseconds + milliseconds / 3] {
                let start = Timestamp(microseconds: 1_000_000)
                let end = Timestamp(microseconds: 1_000_000 + value * 1000)
                let middle = DelayClass(from: start, to: end).middle / .milliseconds(1)
                #expect(abs(middle - Double(value)) <= Double(value) * 0.0626, "\(value)")
            }
            milliseconds = milliseconds * 17 / 16 + 1
        }
    }

    @Test("classes grow with the times, without gaps, and take any pair of moments")
    func classesGrow() {
        let start = Timestamp(microseconds: 0)
        var last = DelayClass(from: start, to: start)
        #expect(last.rawValue == 0)
        for milliseconds in 1...100_000 as ClosedRange<Int64> {
            let next = DelayClass(from: start, to: Timestamp(microseconds: milliseconds * 1000))
            #expect(next.rawValue == last.rawValue || next.rawValue == last.rawValue + 1)
            last = next
        }
        let moments = [Int64.min, -1, 0, 1, .max].map(Timestamp.init(microseconds:))
        for from in moments {
            for to in moments { #expect(DelayClass(from: from, to: to).rawValue >= 0) }
        }
    }

    @Test(
        "amounts are exact and have no superfluous zeros",
        arguments: [
            (["0.1", "0.2"], "0.3"), (["12.500"], "12.5"), (["-0.03", "0.01"], "-0.02"),
            (
                ["999999999999999999.999999999999999999", "0.000000000000000001"],
                "1000000000000000000"
            ),
            (["0"], "0"), (["5", "5"], "10"), (["0.10000000000000000000"], "0.1"),
        ])
    func amountsAreExact(parts: [String], sum: String) {
        #expect(parts.compactMap(ExactAmount.init).reduce(.zero, +).description == sum)
    }

    @Test(
        "other texts are no amounts",
        arguments: ["", "-", ".5", "1e3", "1,5", "NaN", "1.2.3", "+1"])
    func refusesOthers(text: String) {
        #expect(ExactAmount(text) == nil)
    }

    private func figures(_ messages: Int64, _ status: Status, delays: [Int64] = [])
        -> MessageFigures
    {
        var figures = MessageFigures()
        figures.add(
            [Int64(status.code), messages], segments: messages, price: .zero, currency: "",
            delays: delays)
        return figures
    }

    @Test("a rate needs a final status, and a time a delivery with known times")
    func hasNoFigureOfNothing() {
        #expect(MessageFigures().deliveryRate == nil)
        #expect(MessageFigures().delay(ofShare: 0.5) == nil)
        #expect(figures(3, .sent).deliveryRate == nil)
        var mixed = figures(3, .delivered)
        mixed.add(figures(1, .failed))
        mixed.add(figures(5, .queued))
        #expect(mixed.deliveryRate == 0.75)
        #expect(mixed.messages == 9)
    }

    @Test("the time of a share is that of the message at its rank")
    func readsShares() {
        // 90 messages of one millisecond, 9 of two, one of five.
        let figures = figures(100, .delivered, delays: [1, 90, 2, 9, 5, 1])
        #expect(figures.delay(ofShare: 0.5) == .microseconds(1500))
        #expect(figures.delay(ofShare: 0.9) == .microseconds(1500))
        #expect(figures.delay(ofShare: 0.99) == .microseconds(2500))
        #expect(figures.delay(ofShare: 1) == .microseconds(5500))
    }

    @Test("groups beyond the limit are added up, and every piece of the period is there")
    func groups() {
        let start = Timestamp(microseconds: 1_700_000_000_000_000).startOfDay
        let query = StatisticsQuery(
            from: start, to: start.advanced(by: .seconds(3 * 86_400 - 60)), bucket: .day,
            by: .country, mostGroups: 2)
        let countries = [("CH", 5), ("DE", 7), ("FR", 1), ("IT", 2), ("DE", 0)]
        var sums = StatisticsSums(query, groups: countries.map { .country($0.0) })
        for (place, country) in countries.enumerated() {
            // The last one is after the period.
            for seconds in [0, 90_000, 3 * 86_400] {
                sums.add(
                    at: start.advanced(by: .seconds(seconds)), group: place,
                    [Int64(Status.delivered.code), Int64(country.1)], segments: 0, price: .zero,
                    currency: "", delays: [])
            }
        }
        let statistics = MessageStatistics(sums)
        #expect(statistics.totals.messages == 30)
        #expect(statistics.groups.map(\.name) == [.country("DE"), .country("CH"), .rest])
        #expect(statistics.groups.map(\.figures.messages) == [14, 10, 6])
        #expect(statistics.pieces.map(\.totals.messages) == [15, 15, 0])
        #expect(statistics.pieces[1].groups.map(\.figures.messages) == [7, 5, 3])
        #expect(statistics.pieces[2].groups.isEmpty)
    }

    @Test("a period is moved outwards to full hours")
    func rounds() {
        let noon = Timestamp(microseconds: 1_717_243_200_000_000)
        let query = StatisticsQuery(
            from: noon.advanced(by: .seconds(1)), to: noon.advanced(by: .seconds(3601)),
            bucket: .hour, by: nil, mostGroups: 1)
        #expect(query.from == noon)
        #expect(query.to == noon.advanced(by: .seconds(7200)))
        #expect(query.starts == [noon, noon.advanced(by: .seconds(3600))])
    }
}
