import Domain
import FastCGI
import Telemetry

extension LiveLoop {
    /// Shows changes to those who watch them; each event is made once for all of one view.
    ///
    /// - Throws: if the messages cannot be read; then nothing was shown.
    mutating func deliver(_ changes: [StatusChange]) throws(StoreFailure) {
        let inbound = changes.filter { $0.cause == .inbound }
        let changes = inbound.isEmpty ? changes : changes.filter { $0.cause != .inbound }
        if !inbound.isEmpty { try deliver(inbound: inbound) }
        let (needed, servesFilters) = index.needed(changes, limit: settings.filterMessages)
        if !servesFilters { owesFilterReset = true }
        var messages: [MessageID: Message] = [:]
        if !needed.isEmpty { messages = try streams.reader.messages(needed) }
        var documents = MessageDocuments()
        for change in changes {
            guard let message = messages[change.message] else { continue }
            var watchers = index.watchers(of: change.message).filter {
                $0.filter?.admits(message) ?? true
            }
            if servesFilters {
                for (filter, readers) in index.filters where filter.admits(message) {
                    watchers += readers
                }
            }
            if !ahead.isEmpty {
                watchers = watchers.filter { watcher in
                    ahead[watcher.stream].map { $0 < change.sequence } ?? true
                }
            }
            show(message, change.sequence, to: watchers, &documents)
        }
        if let last = changes.last?.sequence { ahead = ahead.filter { $0.value > last } }
    }

    /// Shows messages from people to the streams of all messages, or of all of the provider's.
    private mutating func deliver(inbound changes: [StatusChange]) throws(StoreFailure) {
        guard !index.filters.isEmpty else { return }
        let ids = changes.map { InboundID(of: $0) }
        let found = try streams.reader.inbound(ids)
        for (id, change) in zip(ids, changes) {
            guard let stored = found[id] else { continue }
            var watchers = index.filters.filter { $0.key.admits(stored) }.flatMap(\.value)
            if !ahead.isEmpty {
                watchers = watchers.filter { watcher in
                    ahead[watcher.stream].map { $0 < change.sequence } ?? true
                }
            }
            for (view, readers) in Dictionary(grouping: watchers, by: \.view) {
                send(
                    view.event(
                        "inbound", change.sequence,
                        InboundView(view.seesDetails).document(stored)),
                    to: readers.map(\.stream))
            }
        }
    }

    private mutating func show(
        _ message: Message, _ sequence: ChangeSequence, to watchers: [LiveWatcher],
        _ documents: inout MessageDocuments
    ) {
        guard !watchers.isEmpty else { return }
        for (view, readers) in Dictionary(grouping: watchers, by: \.view) {
            let document = documents.document(of: message, view)
            let hash = document.hashValue
            let streams = readers.map(\.stream).filter { isNew(hash, to: $0) }
            guard !streams.isEmpty else { continue }
            send(view.event("status", sequence, document), to: streams)
        }
    }

    /// Whether a stream has not just been shown the same.
    private mutating func isNew(_ hash: Int, to stream: StreamID) -> Bool {
        guard let state = open[stream], state.isOfOneMessage else { return true }
        guard state.shown != hash else { return false }
        open[stream]?.shown = hash
        return true
    }

    /// Tells streams with a filter to ask again, at most once a second.
    mutating func resetFilters() {
        guard let place = position else { return }
        let now = ContinuousClock.now
        if let last = filterResetAt, now - last < .seconds(1) { return }
        filterResetAt = now
        owesFilterReset = false
        reset(index.filters.values.flatMap { $0.map(\.stream) }, at: place, "too_many_changes")
    }

    /// Tells streams to ask again; what happens from this place on is shown.
    mutating func reset(_ readers: [StreamID], at place: ChangeSequence, _ reason: String) {
        guard !readers.isEmpty else { return }
        streams.counts.resets.add(readers.count)
        send(Self.reset(at: place, reason), to: readers)
    }

    static func reset(at place: ChangeSequence, _ reason: String) -> [UInt8] {
        EventText.event("reset", id: place, Array(#"{"reason":"\#(reason)"}"#.utf8))
    }

    /// Sends the same to some streams. A stream that would miss it is ended: its client comes back
    /// and gets it then.
    mutating func send(_ bytes: [UInt8], to readers: [StreamID]) {
        if streams.hub.send(bytes, to: readers) {
            streams.counts.sent.add(readers.count)
        } else {
            streams.counts.dropped.add(readers.count)
            for reader in readers { end(reader) }
        }
    }
}

extension LiveView {
    /// An event in this view.
    func event(_ name: String, _ id: ChangeSequence, _ document: [UInt8]) -> [UInt8] {
        let event = EventText.event(name, id: id, document)
        return repeatsUnnamed ? event + EventText.event(nil, id: id, document) : event
    }
}

/// Messages as JSON, each made once for all of one view.
struct MessageDocuments {
    private struct Key: Hashable {
        let message: MessageID
        let seesDetails: Bool
    }

    private var documents: [Key: [UInt8]] = [:]

    mutating func document(of message: Message, _ view: LiveView) -> [UInt8] {
        let key = Key(message: message.id, seesDetails: view.seesDetails)
        if let known = documents[key] { return known }
        let made = MessageView(view.seesDetails).document(message)
        documents[key] = made
        return made
    }
}
