import Domain
import FastCGI

/// How a stream's events look; those who see the same get the same bytes.
struct LiveView: Hashable, Sendable {
    /// Whether numbers are whole and texts shown.
    let seesDetails: Bool
    /// Whether each event comes once more without a name, as the pages of a guide expect it.
    var repeatsUnnamed = false
}

/// A reader of a stream, as the index keeps it.
struct LiveWatcher: Hashable, Sendable {
    let stream: StreamID
    let view: LiveView
    /// Of the messages that it watches it is shown only those; nil for all.
    let filter: LiveFilter?
}

/// A request for a stream whose caller may have it.
struct LiveOpening: Sendable {
    let exchange: Exchange
    let requestID: String?
    let target: LiveTarget
    let view: LiveView
    /// Looked at again while the stream is open; nil of a ticket, which just ends.
    let reader: StreamReader?
    /// When the stream ends in any case.
    let endsAt: ContinuousClock.Instant?
    let resumption: Resumption

    /// What the client has got before.
    enum Resumption: Sendable {
        case none
        case after(ChangeSequence)
        /// It names a place that is none.
        case unknown
    }
}

/// A stream that is open.
struct OpenStream: Sendable {
    let subject: WatchIndex<LiveWatcher>.Subject
    let watcher: LiveWatcher
    let reader: StreamReader?
    let endsAt: ContinuousClock.Instant?
    /// Of a stream of one message: the hash of the document that it was shown last. Two changes may
    /// be so close that both are shown as the second has left the message.
    var shown: Int?

    /// Whether it follows a single message.
    var isOfOneMessage: Bool {
        if case .messages(let ids) = subject { ids.count == 1 } else { false }
    }
}
