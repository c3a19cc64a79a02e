import Domain
import FastCGI
import Postgres
import Providers
import Store
import Telemetry
import Web

/// The parts that exports need: threads and database connections of their own.
struct ExportService: Sendable {
    let messages: MessageExport
    /// Of the lists that are read by pages.
    let lists: ListExport
    /// What those read.
    let inbound: InboundStore
    let optOuts: OptOutStore
    private let answers: LongAnswers
    private let pool: ConnectionPool

    /// Of all exports together: one takes one for a fraction of its time, while it fetches a batch.
    private static let connections = 2

    /// - Throws: `CommandFailure` if there are no descriptors left.
    init(
        _ configuration: Configuration, metrics: Metrics, logger: Logger
    ) throws(CommandFailure) {
        do throws(FastCGIError) {
            answers = try LongAnswers()
        } catch {
            throw CommandFailure("cannot prepare exports: \(error)")
        }
        pool = ConnectionPool(
            configuration.apiDatabase, maximumCount: Self.connections, maximumWait: .seconds(5))
        messages = MessageExport(
            answers: answers,
            search: MessageFinder(
                pool, logger: logger, providers: configuration.kits.traits.map(\.provider),
                key: MessageKey.derive(provider:providerMessageID:)),
            admission: StreamReaderStore(pool, policy: configuration.sessions, logger: logger),
            logger: logger)
        lists = ListExport(answers: answers, logger: logger)
        inbound = InboundStore(pool, logger: logger)
        optOuts = OptOutStore(pool, logger: logger)
        let answers = answers
        metrics.gauge("waybill_exports", "Exports that are being answered now.") {
            Double(answers.count)
        }
    }

    /// Lets exports go on until the deadline, then cuts them off, which their clients see.
    func drain(deadline: ContinuousClock.Instant) {
        answers.drain(deadline: deadline)
        pool.close()
    }
}
