import Domain
import FastCGI
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
            var starts: [OpeningBook.Beginning: [StreamID]] = [:]
            for (number, opening) in openings.enumerated() {
                guard let stream = open(opening, number, book, &documents) else { continue }
                starts[book.beginning(of: opening, number), default: []].append(stream)
            }
            for (beginning, readers) in starts {
                begin(readers, book.events(of: beginning, &documents))
            }
        } catch {
            for opening in openings { LiveStreams.refuse(opening, Problem(error)) }
        }
    }

    /// The first events of streams that begin alike, held once for all of them: when a process has
    /// ended, thousands come back at the same time.
    private mutating func begin(_ readers: [StreamID], _ events: [UInt8]) {
        if readers.count == 1 || events.isEmpty {
            for reader in readers {
                send(EventText.retry(after: settings.pause()) + events, to: [reader])
            }
        } else {
            for reader in readers { send(EventText.retry(after: settings.pause()), to: [reader]) }
            send(events, to: readers)
        }
    }

    /// Answers with a stream, whose first events follow; nil if the client gets another answer.
    private mutating func open(
        _ opening: LiveOpening, _ number: Int, _ book: OpeningBook,
        _ documents: inout MessageDocuments
    ) -> StreamID? {
        guard let subject = book.subject(of: opening.target) else {
            let isMessage = if case .message = opening.target { true } else { false }
            LiveStreams.refuse(opening, isMessage ? .unknownMessage : .unknownSendRequest)
            return nil
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
            return nil
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
        return stream
    }
}
