/// A status of Plivo's with its error code. Source: providers.md, B.4.
struct PlivoStatus: Sendable, Equatable {
    let name: String
    /// Nil where nothing is wrong.
    let errorCode: String?

    private init(_ name: String, _ errorCode: String? = nil) {
        self.name = name
        self.errorCode = errorCode
    }

    init(_ finalStatus: FinalStatus, _ stage: Stage) {
        self =
            switch (stage, finalStatus) {
            case (.accepted, _): PlivoStatus("queued")
            case (.sent, _), (.done, .stuck): PlivoStatus("sent")
            case (.done, .delivered): PlivoStatus("delivered")
            case (.done, .undeliverable): PlivoStatus("undelivered", "50")
            case (.done, .absent): PlivoStatus("undelivered", "80")
            case (.done, .spam): PlivoStatus("undelivered", "30")
            case (.done, .finalStatusUnknown): PlivoStatus("undelivered", "1000")
            case (.done, .expired): PlivoStatus("failed", "420")
            case (.done, .rejected): PlivoStatus("failed", "450")
            case (.done, .optedOut): PlivoStatus("failed", "200")
            case (.done, .outOfCredit): PlivoStatus("failed", "900")
            }
    }
}

extension Record {
    /// What a message of several parts says of itself where it is asked as a whole.
    var plivoStatus: PlivoStatus { PlivoStatus(finalStatus, stage) }
}
