import Testing

@testable import Store

@Suite("The guess that rows are new")
struct OptimismTests {
    /// How many checked batches come before the next one that is assumed to be new.
    private func carefulBatches(_ optimism: inout Optimism) -> Int {
        var count = 0
        while count < 10_000, !optimism.expectsNew() { count += 1 }
        return count
    }

    @Test("batches are assumed to be new from the start, while that is right")
    func startsHopeful() {
        var optimism = Optimism()
        for _ in 0..<1000 {
            let expectsNew = optimism.expectsNew()
            #expect(expectsNew)
            optimism.wasRight()
        }
    }

    @Test("each wrong assumption doubles the checked batches, up to 256")
    func growsCareful() {
        var optimism = Optimism()
        let counts = (0..<11).map { _ in
            optimism.wasWrong()
            return carefulBatches(&optimism)
        }
        #expect(counts == [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256])
    }

    @Test("right assumptions reduce them again")
    func recovers() {
        var optimism = Optimism()
        for _ in 0..<20 { optimism.wasWrong() }
        #expect(carefulBatches(&optimism) == 256)
        for _ in 0..<8 { optimism.wasRight() }
        optimism.wasWrong()
        #expect(carefulBatches(&optimism) == 1)
    }
}
