import Domain
import JSON

/// A message in Infobip's reports and logs. Source: providers.md, A.2 and A.5.
enum InfobipReport {
    /// The body of a callback, and the answer of `/reports`.
    ///
    /// - Parameters:
    ///   - reports: messages, each with its reported stage.
    ///   - isV3: which of the two forms.
    /// - Returns: the bytes that are signed.
    static func body(_ reports: [(record: MessageRecord, stage: Stage)], isV3: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.array("results") { list in
            for (record, stage) in reports {
                list.beginObject()
                write(record, stage, isV3: isV3, to: &list)
                list.endObject()
            }
        }
        json.endObject()
        return json.bytes
    }

    /// The answer of `/logs`.
    static func logs(_ records: [MessageRecord], isV3: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.array("results") { list in
            for record in records {
                list.beginObject()
                write(record, record.stage, isV3: isV3, isLog: true, to: &list)
                list.endObject()
            }
        }
        json.endObject()
        return json.bytes
    }

    private static func write(
        _ record: MessageRecord, _ stage: Stage, isV3: Bool, isLog: Bool = false,
        to json: inout JSONWriter
    ) {
        let time = record.startsAt
        json.member("bulkId", ifAny: record.bulkID)
        json.member("messageId", record.name.description)
        json.member(isV3 && isLog ? "destination" : "to", record.recipient)
        json.member(isV3 ? "sender" : "from", ifAny: record.sender)
        json.member("sentAt", time.infobip)
        let done = stage == .done ? record.doneAt : record.sentAt
        if stage != .accepted || !isLog {
            json.member("doneAt", (done ?? time).infobip)
        }
        json.member(isV3 ? "messageCount" : "smsCount", record.segments)
        if stage != .accepted, !record.finalStatus.failsAtOnce { json.member("mccMnc", "23415") }
        if isLog, isV3 {
            json.object("content") { $0.member("text", record.text) }
        } else if isLog {
            json.member("text", record.text)
        } else {
            json.member("callbackData", ifAny: record.callbackData)
        }
        json.object("price") {
            $0.key("pricePerMessage")
            $0.number(record.finalStatus.failsAtOnce ? 0 : 0.042)
            $0.member("currency", "EUR")
        }
        SimulatedInfobipStatus(record.finalStatus, stage).write(to: &json)
        SimulatedInfobipError(record.finalStatus, stage).write(to: &json, isV3: isV3)
    }
}
