import Domain

/// Numbers that look random and are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// Source: Vigna, SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension MessageID {
    /// The key of a message that is known by a number here.
    static func test(_ number: Int) -> MessageID {
        MessageID(
            high: 0x0190_0000_0000_8000 &+ UInt64(number % 7) << 16,
            low: 0x8000_0000_0000_0000 | UInt64(number))
    }
}

extension Timestamp {
    /// Noon of a day in 2024, and so many seconds later.
    static func noon(plus seconds: Int64 = 0) -> Timestamp {
        Timestamp(microseconds: 1_717_243_200_000_000 + seconds * 1_000_000)
    }
}

extension Report {
    /// A report with the least in it.
    static func sample(
        _ message: Int, _ status: Status = .delivered, at seconds: Int64 = 0,
        provider: Provider = .infobip, statusName: String = "DELIVERED_TO_HANDSET",
        price: Price? = nil, callbackData: String? = nil, attributes: String? = nil
    ) -> Report {
        Report(
            message: .test(message), provider: provider, providerMessageID: "message-\(message)",
            status: status,
            outcome: Outcome(
                provider: provider, statusGroup: status.rawValue, statusName: statusName),
            recipient: "+15550100", doneAt: .noon(plus: seconds), price: price,
            callbackData: callbackData, attributes: attributes)
    }

    /// A report about one of a few messages, with anything in it.
    static func random(
        messages: Int, using generator: inout some RandomNumberGenerator
    ) -> Report {
        let provider = Provider.samples.randomElement(using: &generator) ?? .infobip
        // What no provider reports is not stored.
        let status =
            Status.allCases.filter { $0.code <= 9 }.randomElement(using: &generator) ?? .unknown
        let number = Int.random(in: 0..<messages, using: &generator)
        // Few times and words, so that much is equal.
        let seconds = Int64.random(in: 0..<4, using: &generator)
        let flavour = Int.random(in: 0..<3, using: &generator)
        return Report(
            message: .test(number), provider: provider, providerMessageID: "message-\(number)",
            status: status,
            outcome: Outcome(
                provider: provider, statusGroupID: Int32(flavour), statusName: status.rawValue,
                errorCode: flavour == 0 ? nil : "E\(flavour)",
                isPermanent: flavour == 0 ? nil : flavour == 1),
            recipient: flavour == 0 ? nil : "+1555010\(flavour)",
            sender: flavour == 1 ? nil : "Sender",
            sentAt: flavour == 2 ? nil : .noon(plus: -seconds),
            doneAt: Bool.random(using: &generator) ? nil : .noon(plus: seconds),
            segments: flavour == 0 ? nil : Int32(flavour),
            price: flavour == 0 ? nil : Price(amount: "0.0\(flavour)30", currency: "EUR"),
            bulkID: flavour == 1 ? "bulk" : nil,
            part: flavour == 2 ? PartNumber(number: 2, total: 3) : nil,
            attributes: flavour == 2 ? #"{"a": [1, 2]}"# : nil)
    }
}

extension Reject {
    /// A part of a callback that could not be read.
    static func sample(place: String = "results[0]", detail: String = "No such time.") -> Reject {
        Reject(reason: "bad_time", place: place, detail: detail, excerpt: Array("{}".utf8))
    }
}

extension Submission {
    /// A callback that came on the day of `Timestamp.noon`.
    static func sample(
        _ reports: [Report], rejects: [Reject] = [], body: String = "{}",
        uri: String = "/callbacks/infobip", receivedAt: Timestamp = .noon()
    ) -> Submission {
        Submission(
            callback: ReceivedCallback(
                id: .new(at: receivedAt), provider: reports.first?.provider ?? .infobip,
                uri: uri, contentType: "application/json", receivedAt: receivedAt,
                body: Array(body.utf8)),
            reports: reports, rejects: rejects)
    }
}

extension Array {
    /// The elements in runs of random lengths.
    func chunked(upTo limit: Int, using generator: inout some RandomNumberGenerator) -> [[Element]]
    {
        var chunks: [[Element]] = []
        var start = 0
        while start < count {
            let end = Swift.min(count, start + .random(in: 1...limit, using: &generator))
            chunks.append(Array(self[start..<end]))
            start = end
        }
        return chunks
    }
}
