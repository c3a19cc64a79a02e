import Domain
import Synchronization
import Telemetry

/// Asks one provider from time to time for messages from people whose callbacks were lost, where
/// asking consumes nothing.
///
/// Each round looks at a span that ends before callbacks may still be on their way, and begins well
/// before the last one ended; the first one looks back a day. What is stored already is not stored
/// again. Any number of dispatchers may do it: the keys are the same.
final class InboundRecovery: Sendable {
    private struct State {
        var isAsking = false
        /// Up to where the list was read; nil before the first round.
        var readTo: Timestamp?
        var nextAt: Timestamp?
    }

    private let provider: any SendingProvider
    private let index: any InboundIndex
    private let transport: any HTTPTransport
    private let sink: any ReportSink
    private let timeout: Duration
    private let logger: Logger
    private let state = Mutex(State())

    private static let firstSpan = Duration.seconds(86_400)
    /// How far the spans of two rounds overlap: a message may be listed late.
    private static let overlap = Duration.seconds(3600)
    /// The most pages of a round; what is left comes in the next one.
    private static let mostPages = 500
    /// After a round that failed, unless rounds are more frequent.
    private static let longestRest = Duration.seconds(60)

    init(
        _ provider: any SendingProvider, index: any InboundIndex, transport: any HTTPTransport,
        sink: any ReportSink, timeout: Duration, logger: Logger
    ) {
        self.provider = provider
        self.index = index
        self.transport = transport
        self.sink = sink
        self.timeout = timeout
        self.logger = logger
    }

    /// Begins a round if one is due; returns at once.
    func go(at now: Timestamp) {
        guard let interval = provider.inboundInterval else { return }
        let span = state.withLock { state -> Range<Timestamp>? in
            guard !state.isAsking, state.nextAt.map({ $0 <= now }) ?? true else { return nil }
            let end = now.advanced(by: .zero - provider.settleDelay)
            let start =
                state.readTo.map { $0.advanced(by: .zero - Self.overlap) }
                ?? end.advanced(by: .zero - Self.firstSpan)
            guard start < end else { return nil }
            state.isAsking = true
            state.nextAt = now.advanced(by: interval)
            return start..<end
        }
        guard let span else { return }
        ask(in: span, from: 0, pages: 0)
    }

    private func ask(in span: Range<Timestamp>, from offset: Int, pages: Int) {
        guard let request = provider.inboundRequest(in: span, from: offset) else {
            return finish(readTo: span.upperBound)
        }
        transport.send(request, within: timeout) { [self] answer in
            do throws(ProviderProblem) {
                switch answer {
                case .answered(let response):
                    let page = try provider.inboundPage(of: response, from: offset)
                    take(page, response, in: span, pages: pages + 1)
                case .notSent(let problem), .unanswered(let problem): throw problem
                }
            } catch {
                logger.log(
                    .warning, "the provider could not be asked for messages from people",
                    limitKey: provider.provider.name,
                    ["provider": "\(provider.provider.name)", "code": "\(error.redacted.code)"])
                finish(readTo: nil)
            }
        }
    }

    /// Stores what is new of a page, then asks for the next one.
    private func take(
        _ page: InboundPage, _ response: ProviderResponse, in span: Range<Timestamp>, pages: Int
    ) {
        let goOn: @Sendable () -> Void = { [self] in
            guard let next = page.next, pages < Self.mostPages else {
                return finish(readTo: span.upperBound)
            }
            ask(in: span, from: next, pages: pages)
        }
        let new: [InboundMessage]
        do {
            let known = try index.known(page.messages.map(\.id))
            new = page.messages.filter { !known.contains($0.id) }
        } catch {
            return finish(readTo: nil)
        }
        guard !new.isEmpty else { return goOn() }
        let now = Timestamp.now
        let callback = ReceivedCallback(
            id: .new(at: now), provider: provider.provider, uri: "/inbound-list", contentType: nil,
            receivedAt: now, body: provider.archivable(response.body))
        sink.submit(
            Submission(callback: callback, reports: [], inbound: new, rejects: [])
        ) { [self] outcome in
            guard case .success = outcome else { return finish(readTo: nil) }
            logger.log(
                .warning, "messages from people whose callbacks were lost have been found",
                ["provider": "\(provider.provider.name)", "messages": .integer(Int64(new.count))])
            goOn()
        }
    }

    /// - Parameter time: up to where all was read; nil if the round failed and is repeated.
    private func finish(readTo time: Timestamp?) {
        state.withLock { state in
            state.isAsking = false
            if let time {
                state.readTo = max(state.readTo ?? time, time)
            } else {
                let rest = min(provider.inboundInterval ?? .zero, Self.longestRest)
                state.nextAt = .now.advanced(by: rest)
            }
        }
    }
}
