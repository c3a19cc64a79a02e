/// What a provider's error means, for people who do not know its words.
package struct ErrorMeaning: Sendable, Equatable {
    /// One or two plain sentences.
    package let meaning: String
    package let retry: Retry
    /// One sentence: why, and what to do first.
    package let advice: String

    package init(_ meaning: String, _ retry: Retry, _ advice: String) {
        self.meaning = meaning
        self.retry = retry
        self.advice = advice
    }

    /// Whether sending the same message again helps.
    package enum Retry: String, Sendable, CaseIterable {
        /// Yes, after a while: the cause passes by itself.
        case later
        /// Yes, once something was changed: the account, the sender, the number or the text.
        case afterChange = "after_change"
        /// No: the same message to the same number ends the same way.
        case no
        /// Nobody can say, or the message may have arrived: sending again may deliver it twice.
        case unsure
    }
}

/// The meanings of a provider's errors; each kit states its own.
package protocol ErrorDictionary: Sendable {
    /// What the error or the status of an outcome means; nil for one that the provider has added
    /// since.
    func meaning(of outcome: Outcome) -> ErrorMeaning?
}
