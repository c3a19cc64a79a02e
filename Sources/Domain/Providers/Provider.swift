/// A company that carries our messages and reports on them.
package enum Provider: String, Sendable, CaseIterable {
    case infobip
    case plivo

    /// What stands for the provider in the database; never reused for another one.
    package var code: Int16 {
        switch self {
        case .infobip: 1
        case .plivo: 2
        }
    }

    package init?(code: Int16) {
        guard let match = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = match
    }

    /// How long after its first attempt the provider goes on delivering a report that we refuse.
    ///
    /// Infobip: 20 retries after `1 min + 1 min · n²` (not confirmed); Plivo: retries
    /// after 60, 120 and 240 s. Source: the providers' callback documentation.
    package var retryHorizon: Duration {
        switch self {
        case .infobip: .seconds(2490 * 60)
        case .plivo: .seconds(420)
        }
    }
}
