/// A status of Plivo's with its error code. Source: providers.md, B.4.
struct SimulatedPlivoStatus: Sendable, Equatable {
    let name: String
    /// Nil without an error.
    let errorCode: String?

    private init(_ name: String, _ errorCode: String? = nil) {
        self.name = name
        self.errorCode = errorCode
    }

    init(_ finalStatus: FinalStatus, _ stage: Stage) {
        self =
            switch (stage, finalStatus) {
            case (.accepted, _): SimulatedPlivoStatus("queued")
            case (.sent, _), (.done, .stuck): SimulatedPlivoStatus("sent")
            case (.done, .delivered): SimulatedPlivoStatus("delivered")
            case (.done, .undeliverable): SimulatedPlivoStatus("undelivered", "50")
            case (.done, .absent): SimulatedPlivoStatus("undelivered", "80")
            case (.done, .spam): SimulatedPlivoStatus("undelivered", "30")
            case (.done, .finalStatusUnknown): SimulatedPlivoStatus("undelivered", "1000")
            case (.done, .expired): SimulatedPlivoStatus("failed", "420")
            case (.done, .rejected): SimulatedPlivoStatus("failed", "450")
            case (.done, .optedOut): SimulatedPlivoStatus("failed", "200")
            case (.done, .outOfCredit): SimulatedPlivoStatus("failed", "900")
            }
    }
}

extension MessageRecord {
    /// The status of a message of several parts as a whole.
    var plivoStatus: SimulatedPlivoStatus { SimulatedPlivoStatus(finalStatus, stage) }
}
