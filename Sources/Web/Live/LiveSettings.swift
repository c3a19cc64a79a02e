/// The bounds and rhythms of live streams.
package struct LiveSettings: Sendable {
    /// A line that has died shows after this.
    package var heartbeat: Duration = .seconds(15)
    /// How often changes are looked for when nobody tells of any.
    package var look: Duration = .seconds(1)
    /// The pause between two looks, however often somebody tells of changes.
    package var spacing: Duration = .milliseconds(20)
    /// How often those who read are looked at again. With the time that a look takes it stays below
    /// the five seconds that are promised.
    package var check: Duration = .seconds(3)
    /// How many changes one look reads.
    package var lookChanges = 5000
    /// The most messages that one look reads for streams with a filter; beyond it they are reset.
    package var filterMessages = 500
    /// How many streams are opened between two looks.
    package var openings = 500
    /// How many may wait to be opened.
    package var waitingOpenings = 20_000
    /// The most changes that streams that come back may have missed.
    package var missedChanges = 20_000
    /// The most of them that one stream gets.
    package var missedEvents = 1000
    /// How many messages the state of a stream with a filter has.
    package var stateMessages = 50
    /// The state's messages take up to so many bytes, and those beyond are left out.
    package var stateBytes = 192 << 10
    /// A client comes back after a time in this range.
    package var retry: ClosedRange<Duration> = .seconds(1)...(.seconds(4))
    /// How many clients come back in a second after an orderly end.
    package var returnsPerSecond = 500

    package init() {}

    /// A time after which a client comes back, another one for each.
    func pause() -> Duration {
        let range = retry.upperBound - retry.lowerBound
        return retry.lowerBound + range * Double.random(in: 0...1)
    }
}
