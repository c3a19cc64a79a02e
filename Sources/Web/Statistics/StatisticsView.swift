import Domain
import JSON

/// Counts of messages and errors as JSON.
struct StatisticsView {
    /// Whether numbers are shown whole.
    let seesDetails: Bool

    func statistics(_ statistics: MessageStatistics) -> [UInt8] {
        JSONWriter.document { json in
            let query = statistics.query
            json.member("from", query.from.description)
            json.member("to", query.to.description)
            json.member("bucket", query.bucket.rawValue)
            json.member("by", query.dimension?.rawValue)
            json.object("totals") { Self.figures(statistics.totals, in: &$0) }
            groups(statistics.groups, in: &json)
            json.array("buckets") { json in
                for piece in statistics.pieces {
                    json.object { json in
                        json.member("start", piece.start.description)
                        Self.figures(piece.totals, in: &json)
                        groups(piece.groups, in: &json)
                    }
                }
            }
        }
    }

    private func groups(_ groups: [MessageStatistics.Group], in json: inout JSONWriter) {
        json.array("groups") { json in
            for group in groups {
                json.object { json in
                    name(group.name, in: &json)
                    Self.figures(group.figures, in: &json)
                }
            }
        }
    }

    private func name(_ group: StatisticsGroup, in json: inout JSONWriter) {
        func value(_ text: String?, isRest: Bool = false) {
            json.member("value", text)
            json.member("rest", isRest)
        }
        switch group {
        case .status(let status): value(status.rawValue)
        case .provider(let provider): value(provider.name)
        case .country(let country): value(country)
        case .sender(let sender):
            value(seesDetails ? sender : sender.map(NumberMask.masked))
        case .error(let provider, let code, let name):
            let shownName = words(name)
            value((code ?? shownName).map { "\(provider.name):\($0)" })
            json.object("error") { json in
                json.member("provider", provider.name)
                json.member("code", code)
                json.member("name", shownName)
            }
        case .submitter(let id, let kind, let name):
            value(id)
            if id != nil {
                json.object("submitter") { json in
                    json.member("kind", kind)
                    json.member("id", id)
                    json.member("name", name)
                }
            }
        case .noReport: value(nil)
        case .rest: value(nil, isRest: true)
        }
    }

    private static func figures(_ figures: MessageFigures, in json: inout JSONWriter) {
        json.member("messages", figures.messages)
        byStatus(in: &json) { figures[$0] }
        json.member("segments", figures.segments)
        json.object("price") { json in
            for (currency, amount) in figures.orderedPrices {
                json.member(currency, amount.description)
            }
        }
        json.key("delivery_rate")
        if let rate = figures.deliveryRate { json.number(rate) } else { json.null() }
        json.object("time_to_delivery") { json in
            json.member("measured", figures.timed)
            for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
                json.key(name)
                guard let delay = figures.delay(ofShare: share) else {
                    json.null()
                    continue
                }
                json.number(delay / .seconds(1))
            }
        }
    }

    /// Only statuses that occur.
    private static func byStatus(in json: inout JSONWriter, _ count: (Status) -> Int64) {
        json.object("by_status") { json in
            for status in Status.allCases {
                let count = count(status)
                if count != 0 { json.member(status.rawValue, count) }
            }
        }
    }

    /// The commonest errors of a period, with what they mean.
    func errors(
        _ errors: [ErrorCount], _ query: ErrorQuery, _ meanings: [Provider: any ErrorDictionary]
    ) -> [UInt8] {
        JSONWriter.document { json in
            json.member("from", query.from.description)
            json.member("to", query.to.description)
            json.array("errors") { json in
                for error in errors {
                    json.object { self.error(error, meanings, in: &$0) }
                }
            }
        }
    }

    private func error(
        _ error: ErrorCount, _ meanings: [Provider: any ErrorDictionary],
        in json: inout JSONWriter
    ) {
        let outcome = error.outcome
        json.member("provider", outcome?.provider.name)
        json.member("code", outcome?.errorCode)
        json.member("name", words(outcome?.errorName))
        json.member("group", words(outcome?.errorGroup))
        json.member("description", words(outcome?.errorDescription))
        json.member("permanent", outcome?.isPermanent)
        json.key("provider_status")
        if let outcome {
            json.object { json in
                json.member("id", outcome.statusID)
                json.member("name", words(outcome.statusName))
                json.member("group", words(outcome.statusGroup))
                json.member("description", words(outcome.statusDescription))
            }
        } else {
            json.null()
        }
        json.member("messages", error.messages)
        Self.byStatus(in: &json) { error.statuses[$0] ?? 0 }
        let meaning = Self.meaning(of: outcome, meanings)
        json.member("meaning", meaning.meaning)
        json.object("retry") { json in
            json.member("helps", meaning.retry.rawValue)
            json.member("advice", meaning.advice)
        }
        json.array("countries") { json in
            for (country, messages) in error.countries {
                json.object { json in
                    json.member("country", country)
                    json.member("messages", messages)
                }
            }
        }
    }

    /// A provider's words, in which a number may stand.
    private func words(_ text: String?) -> String? {
        seesDetails ? text : text.map(NumberMask.maskedNumbers)
    }

    private static func meaning(
        of outcome: Outcome?, _ meanings: [Provider: any ErrorDictionary]
    ) -> ErrorMeaning {
        guard let outcome else {
            return ErrorMeaning(
                "No report of a provider decides: Waybill itself ended the message, because no"
                    + " provider took it in time or one refused it.",
                .unsure, "The timeline of a message says why.")
        }
        if let known = meanings[outcome.provider]?.meaning(of: outcome) { return known }
        return switch outcome.isPermanent {
        case true?:
            ErrorMeaning(
                "Waybill does not know this error; the provider calls it permanent.",
                .no, "The provider's documentation may say more.")
        case false?:
            ErrorMeaning(
                "Waybill does not know this error; the provider calls it temporary.",
                .later, "The provider's documentation may say more.")
        case nil:
            ErrorMeaning(
                "Waybill does not know this error.",
                .unsure, "The provider's documentation may say more.")
        }
    }
}
