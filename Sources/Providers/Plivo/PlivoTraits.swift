package import Domain

extension Provider {
    /// Plivo: it gives a message a `MessageUUID` of its own.
    package static let plivo = Provider(code: 2, name: "plivo", messageNames: .itsUUIDs)
}

extension ProviderTraits {
    /// Plivo.
    ///
    /// A message has no field for an id of ours, so the callback's URL holds our ids. Plivo's own
    /// samples answer a wrong signature with 403. It repeats a callback after 60, 120 and 240 s,
    /// and keeps records of messages for 90 days. 1600 characters of GSM 7-bit are somewhat more
    /// than 10 SMS, 737 of UCS-2 are 11 exactly. Of a sender's name it keeps letters and digits
    /// only.
    /// Source: Plivo's documentation, messaging/api/message/send-a-message, "Message status
    /// callbacks" and "Encoding and concatenation".
    package static let plivo = ProviderTraits(
        provider: .plivo, title: "Plivo", messageIDField: "MessageUUID",
        callbackPaths: .withOurIDs, hasInboundPath: true, refusal: .forbidden,
        retryHorizon: .seconds(420),
        lookUpHorizon: .seconds(90 * 86_400),
        limits: SendLimits(
            numberDigits: 14, septets: 1600, codeUnits: 737,
            segments: SegmentLimits(gsm7: 10, ucs2: 11), wantsLetterInName: true),
        optOutSigns: OptOutSigns(errors: ["200"]),
        usual: UsualSending(
            rate: 50, concurrency: 8, batch: 100,
            reconcile: [
                .seconds(900), .seconds(2 * 3600), .seconds(24 * 3600), .seconds(72 * 3600),
            ]))
}
