import Domain
import Testing

@testable import Sending

@Suite("Backoff")
struct BackoffTests {
    @Test(
        "The bound doubles to its cap",
        arguments: [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (11, 300), (1000, 300), (0, 1)])
    func bound(failures: Int, seconds: Int) {
        #expect(Backoff().bound(failures: failures) == .seconds(seconds))
    }

    @Test("The pause lies between zero and the bound")
    func jitter() {
        var low = FixedNumbers.lowest
        var high = FixedNumbers.highest
        #expect(Backoff().rest(failures: 5, floor: nil, using: &low) == .zero)
        let most = Backoff().rest(failures: 5, floor: nil, using: &high)
        #expect(most > .seconds(15) && most <= .seconds(16))
        var any = SystemRandomNumberGenerator()
        let rests = Set((0..<100).map { _ in Backoff().rest(failures: 5, floor: nil, using: &any) })
        #expect(rests.count > 50)
        #expect(rests.allSatisfy { $0 >= .zero && $0 <= .seconds(16) })
    }

    @Test("What the provider asked for is the least, and at most an hour")
    func floor() {
        var low = FixedNumbers.lowest
        var high = FixedNumbers.highest
        #expect(Backoff().rest(failures: 1, floor: 60, using: &low) == .seconds(60))
        #expect(Backoff().rest(failures: 9, floor: 60, using: &high) == .seconds(65))
        #expect(Backoff().rest(failures: 1, floor: 1_000_000, using: &low) == .seconds(3600))
        #expect(Backoff().rest(failures: 1, floor: -5, using: &low) == .zero)
    }

    @Test("A bucket lets a tenth of a minute's worth pass at once, and refills with time")
    func bucket() {
        var bucket = TokenBucket(perMinute: 120, at: Samples.time(0))
        #expect(bucket.available(at: Samples.time(0)) == 12)
        bucket.take(12)
        #expect(bucket.available(at: Samples.time(0)) == 0)
        #expect(bucket.available(at: Samples.time(1)) == 2)
        bucket.take(5)
        #expect(bucket.available(at: Samples.time(2)) == 0)
        #expect(bucket.available(at: Samples.time(3)) == 1)
        // A clock that goes back neither takes nor gives.
        #expect(bucket.available(at: Samples.time(0)) == 1)
        #expect(bucket.available(at: Samples.time(600)) == 12)
    }
}
