import Domain

/// What a round of openings needs to know, read for all of them at once.
struct OpeningBook {
    private let place: ChangeSequence
    private let settings: LiveSettings
    private var messages: [MessageID: Message] = [:]
    /// Messages from people that somebody has missed.
    private var inbound: [InboundID: StoredInbound] = [:]
    private var sendRequests: [SendRequestID: [MessageID]] = [:]
    private var newest: [LiveFilter: [Message]] = [:]
    /// By the number of the opening.
    private var starts: [Start] = []

    /// How a stream begins.
    enum Start: Hashable {
        case state
        /// It is told to ask again first.
        case reset
        /// It goes on with the changes that it has missed.
        case resumed([StatusChange])
        /// It has got more than this process has read.
        case ahead(ChangeSequence)
    }

    /// What a stream begins with; streams for which it is equal get the same bytes.
    struct Beginning: Hashable {
        let target: LiveTarget
        let view: LiveView
        let start: Start
    }

    init(
        _ openings: [LiveOpening], at place: ChangeSequence, _ reader: any LiveReader,
        _ settings: LiveSettings
    ) throws(StoreFailure) {
        self.place = place
        self.settings = settings
        var missed = try Self.missed(by: openings, place, reader, settings)
        var wanted = Set<MessageID>()
        for opening in openings {
            switch opening.target {
            case .message(let id): wanted.insert(id)
            case .sendRequest(let id, _) where sendRequests[id] == nil:
                let ids = try reader.messages(of: id)
                sendRequests[id] = ids
                wanted.formUnion(ids)
            case .filter:
                if let missed { wanted.formUnion(missed.messages) }
            case .sendRequest: break
            }
        }
        messages = wanted.isEmpty ? [:] : try reader.messages(Array(wanted))
        if let missed, !missed.inbound.isEmpty { inbound = try reader.inbound(missed.inbound) }
        starts = openings.map { start(of: $0, &missed) }
        // A search, so only for those that begin with its result.
        for (opening, start) in zip(openings, starts) where start == .state || start == .reset {
            guard case .filter(let filter) = opening.target, newest[filter] == nil else { continue }
            newest[filter] = try reader.newest(filter, limit: settings.stateMessages)
        }
    }

    /// The changes that those who come back have missed, together; nil if none has missed any.
    private static func missed(
        by openings: [LiveOpening], _ place: ChangeSequence, _ reader: any LiveReader,
        _ settings: LiveSettings
    ) throws(StoreFailure) -> MissedEvents? {
        let places = openings.compactMap { opening in
            if case .after(let last) = opening.resumption { last } else { nil }
        }
        guard let oldest = places.min() else { return nil }
        return MissedEvents(
            try reader.missedChanges(after: oldest, through: place, limit: settings.missedChanges))
    }

    private func start(of opening: LiveOpening, _ missed: inout MissedEvents?) -> Start {
        let last: ChangeSequence
        switch opening.resumption {
        case .none: return .state
        case .unknown: return .reset
        case .after(let sequence): last = sequence
        }
        guard missed?.isKnown(last) == true else { return .reset }
        guard last <= place else { return .ahead(last) }
        let changes =
            missed?.changes(
                of: opening.target, ids(of: opening.target) ?? [], after: last, messages,
                inbound) ?? []
        return changes.count > settings.missedEvents ? .reset : .resumed(changes)
    }

    func isReset(_ number: Int) -> Bool { starts[number] == .reset }

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

    /// What a stream begins with.
    func beginning(of opening: LiveOpening, _ number: Int) -> Beginning {
        Beginning(target: opening.target, view: opening.view, start: starts[number])
    }

    /// The first events of streams; none of those that go on without having missed any.
    func events(of beginning: Beginning, _ documents: inout MessageDocuments) -> [UInt8] {
        let view = beginning.view
        switch beginning.start {
        case .state: return view.event("state", place, state(for: beginning, &documents))
        case .reset:
            return LiveLoop.reset(at: place, "too_old")
                + view.event("state", place, state(for: beginning, &documents))
        case .resumed(let changes):
            return changes.flatMap { change in
                if let stored = inbound[InboundID(of: change)], change.cause == .inbound {
                    return view.event(
                        "inbound", change.sequence, InboundView(view.seesDetails).document(stored))
                }
                guard let message = messages[change.message] else { return [UInt8]() }
                return view.event(
                    "status", change.sequence, documents.document(of: message, view))
            }
        case .ahead: return []
        }
    }

    private func state(
        for beginning: Beginning, _ documents: inout MessageDocuments
    ) -> [UInt8] {
        let shown: [Message]
        switch beginning.target {
        case .message(let id):
            guard let message = messages[id] else { return Array("null".utf8) }
            return documents.document(of: message, beginning.view)
        case .sendRequest(let id, let filter):
            shown = (sendRequests[id] ?? []).compactMap { messages[$0] }.filter {
                filter.admits($0)
            }
        case .filter(let filter): shown = newest[filter] ?? []
        }
        return StateDocument.list(
            shown, of: beginning.target, beginning.view, bytes: settings.stateBytes, &documents)
    }
}
