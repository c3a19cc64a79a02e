import Domain
import FastCGI
import JSON
import Telemetry

extension LiveLoop {
    /// Opens streams, with one read for the states of all of them.
    mutating func admit(_ openings: [LiveOpening]) {
        // What has happened until now belongs to their states, and is no change to them.
        follow()
        do throws(StoreFailure) {
            // From here on nothing is missed: what is read below is later.
            let place: ChangeSequence
            if let position { place = position } else { place = try streams.reader.latestChange() }
            let book = try OpeningBook(openings, at: place, streams.reader, settings)
            position = place
            var documents = MessageDocuments()
            for (number, opening) in openings.enumerated() {
                open(opening, number, book, &documents)
            }
        } catch {
            for opening in openings { LiveStreams.refuse(opening, Problem(error)) }
        }
    }

    private mutating func open(
        _ opening: LiveOpening, _ number: Int, _ book: OpeningBook,
        _ documents: inout MessageDocuments
    ) {
        guard let subject = book.subject(of: opening.target) else {
            let isMessage = if case .message = opening.target { true } else { false }
            return LiveStreams.refuse(opening, isMessage ? .unknownMessage : .unknownSendRequest)
        }
        let stream: StreamID
        do throws(FastCGIError) {
            stream = try streams.hub.adopt(opening.exchange, headers: [.eventStream])
        } catch {
            switch error.code {
            case .tooManyStreams: LiveStreams.refuse(opening, .tooManyStreams)
            case .draining: LiveStreams.refuse(opening, .streamsEnd)
            // The client has gone.
            default: break
            }
            return
        }
        var filter: LiveFilter?
        if case .sendRequest(_, let some) = opening.target, !some.isEmpty { filter = some }
        let watcher = LiveWatcher(stream: stream, view: opening.view, filter: filter)
        open[stream] = OpenStream(
            subject: subject, watcher: watcher, reader: opening.reader, endsAt: opening.endsAt,
            shown: book.message(of: opening, number)
                .map { documents.document(of: $0, opening.view).hashValue })
        index.add(watcher, to: subject)
        streams.counts.noteOpened()
        if book.isReset(number) { streams.counts.resets.add() }
        if let place = book.placeAhead(number) { ahead[stream] = place }
        send(
            EventText.retry(after: settings.pause())
                + book.beginning(of: opening, number, &documents), to: [stream])
    }
}

/// What a round of openings needs to know, read for all of them at once.
struct OpeningBook {
    private let place: ChangeSequence
    private let settings: LiveSettings
    private var messages: [MessageID: Message] = [:]
    private var sendRequests: [SendRequestID: [MessageID]] = [:]
    private var newest: [LiveFilter: [Message]] = [:]
    /// By the number of the opening.
    private var starts: [Start] = []

    /// How a stream begins.
    enum Start: Sendable {
        case state
        /// It is told to ask again first.
        case reset
        /// It goes on with the changes that it has missed.
        case resumed([StatusChange])
        /// It has got more than this process has read.
        case ahead(ChangeSequence)
    }

    init(
        _ openings: [LiveOpening], at place: ChangeSequence, _ reader: any LiveReader,
        _ settings: LiveSettings
    ) throws(StoreFailure) {
        self.place = place
        self.settings = settings
        var wanted = Set<MessageID>()
        for opening in openings {
            switch opening.target {
            case .message(let id): wanted.insert(id)
            case .sendRequest(let id, _) where sendRequests[id] == nil:
                let ids = try reader.messages(of: id)
                sendRequests[id] = ids
                wanted.formUnion(ids)
            case .filter(let filter) where newest[filter] == nil:
                newest[filter] = try reader.newest(filter, limit: settings.stateMessages)
            case .sendRequest, .filter: break
            }
        }
        let missed = try Self.missed(by: openings, place, reader, settings)
        for opening in openings where missed != nil {
            if case .filter = opening.target, let missed {
                wanted.formUnion(missed.changes.map(\.message))
                break
            }
        }
        messages = wanted.isEmpty ? [:] : try reader.messages(Array(wanted))
        starts = openings.map { start(of: $0, missed) }
    }

    /// The changes that those who come back have missed, together; nil if none has missed any.
    private static func missed(
        by openings: [LiveOpening], _ place: ChangeSequence, _ reader: any LiveReader,
        _ settings: LiveSettings
    ) throws(StoreFailure) -> MissedChanges? {
        let places = openings.compactMap { opening in
            if case .after(let last) = opening.resumption { last } else { nil }
        }
        guard let oldest = places.min() else { return nil }
        return try reader.missedChanges(
            after: oldest, through: place, limit: settings.missedChanges)
    }

    private func start(of opening: LiveOpening, _ missed: MissedChanges?) -> Start {
        let last: ChangeSequence
        switch opening.resumption {
        case .none: return .state
        case .unknown: return .reset
        case .after(let sequence): last = sequence
        }
        guard let missed, last >= missed.beginning, last <= missed.end else { return .reset }
        guard last <= place else { return .ahead(last) }
        let ours = Set(ids(of: opening.target) ?? [])
        let changes = missed.changes.filter { change in
            guard change.sequence > last, let message = messages[change.message] else {
                return false
            }
            return switch opening.target {
            case .message: ours.contains(message.id)
            case .sendRequest(_, let filter): ours.contains(message.id) && filter.admits(message)
            case .filter(let filter): filter.admits(message)
            }
        }
        return changes.count > settings.missedEvents ? .reset : .resumed(changes)
    }

    func isReset(_ number: Int) -> Bool {
        if case .reset = starts[number] { true } else { false }
    }

    /// The place that a stream has got to elsewhere.
    func placeAhead(_ number: Int) -> ChangeSequence? {
        if case .ahead(let place) = starts[number] { place } else { nil }
    }

    /// The message whose state alone begins a stream; nil if a stream begins otherwise.
    func message(of opening: LiveOpening, _ number: Int) -> Message? {
        guard case .message(let id) = opening.target else { return nil }
        switch starts[number] {
        case .state, .reset: return messages[id]
        case .resumed, .ahead: return nil
        }
    }

    /// What a stream watches; nil if there is no such thing.
    func subject(of target: LiveTarget) -> WatchIndex<LiveWatcher>.Subject? {
        if case .filter(let filter) = target { return .filter(filter) }
        return ids(of: target).map { .messages($0) }
    }

    private func ids(of target: LiveTarget) -> [MessageID]? {
        switch target {
        case .message(let id): messages[id].map { [$0.id] }
        case .sendRequest(let id, _): (sendRequests[id] ?? []).isEmpty ? nil : sendRequests[id]
        case .filter: nil
        }
    }

    /// The first events of a stream.
    func beginning(
        of opening: LiveOpening, _ number: Int, _ documents: inout MessageDocuments
    ) -> [UInt8] {
        let view = opening.view
        switch starts[number] {
        case .state: return view.event("state", place, state(of: opening, &documents))
        case .reset:
            return LiveLoop.reset(at: place, "too_old")
                + view.event("state", place, state(of: opening, &documents))
        case .resumed(let changes):
            return changes.flatMap { change in
                guard let message = messages[change.message] else { return [UInt8]() }
                return view.event(
                    "status", change.sequence, documents.document(of: message, view))
            }
        case .ahead: return []
        }
    }

    private func state(
        of opening: LiveOpening, _ documents: inout MessageDocuments
    ) -> [UInt8] {
        let shown: [Message]
        switch opening.target {
        case .message(let id):
            guard let message = messages[id] else { return Array("null".utf8) }
            return documents.document(of: message, opening.view)
        case .sendRequest(let id, let filter):
            shown = (sendRequests[id] ?? []).compactMap { messages[$0] }.filter(filter.admits)
        case .filter(let filter): shown = newest[filter] ?? []
        }
        return StateDocument.list(
            shown, of: opening.target, opening.view, bytes: settings.stateBytes, &documents)
    }
}

/// The state of several messages.
enum StateDocument {
    /// Their documents as far as they fit, and for a send request the number of messages by status.
    static func list(
        _ messages: [Message], of target: LiveTarget, _ view: LiveView, bytes: Int,
        _ documents: inout MessageDocuments
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        if case .sendRequest(let id, _) = target {
            json.member("send_request_id", id.description)
            json.member("total", messages.count)
            json.key("counts")
            json.beginObject()
            for status in Status.allCases {
                let count = messages.count { $0.shownStatus == status }
                if count > 0 { json.member(status.rawValue, count) }
            }
            json.endObject()
        }
        var left = bytes
        var isMore = false
        json.key("messages")
        json.beginArray()
        for message in messages {
            let document = documents.document(of: message, view)
            left -= document.count
            guard left >= 0 else {
                isMore = true
                break
            }
            json.raw(document)
        }
        json.endArray()
        json.member("more", isMore)
        json.endObject()
        return json.bytes
    }
}
