import Testing

@testable import Store

@Suite("How long an entry will wait")
struct ForecastTests {
    private func forecast(_ times: Double...) -> Forecast {
        var forecast = Forecast(deadline: .seconds(4))
        for time in times { forecast.took(.seconds(time)) }
        return forecast
    }

    @Test("too few batches give no forecast, and neither does a stall of two at once")
    func isCareful() {
        #expect(forecast().batch == .zero)
        #expect(forecast(9, 9).batch == .zero)
        #expect(forecast(0.1, 9, 9).batch == .seconds(0.1))
        #expect(forecast(0.1, 2, 1, 2).batch == .seconds(1))
        #expect(forecast(9, 9, 9, 0.1).batch == .seconds(0.1))
    }

    @Test("a batch that takes longer than the deadline does not keep the next from being tried")
    func isCapped() {
        #expect(forecast(9, 9, 9).batch == .seconds(3))
    }

    @Test("the running batch, those before it and its own are added up, per committer")
    func addsUp() {
        let forecast = forecast(1, 1, 1)
        #expect(forecast.wait(behind: 0, committers: 1, running: nil) == .seconds(1))
        #expect(forecast.wait(behind: 0, committers: 1, running: .seconds(0.25)) == .seconds(1.75))
        #expect(forecast.wait(behind: 0, committers: 1, running: .seconds(7)) == .seconds(1))
        #expect(forecast.wait(behind: 3, committers: 1, running: nil) == .seconds(4))
        #expect(forecast.wait(behind: 3, committers: 2, running: nil) == .seconds(2))
    }
}
