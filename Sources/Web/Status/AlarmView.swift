import Domain
import JSON

/// Alarms as `/v1/status` shows them.
enum AlarmView {
    /// Adds the member `alarms`.
    static func describe(_ alarms: [Alarm], in json: inout JSONWriter) {
        json.key("alarms")
        json.beginArray()
        for alarm in alarms {
            json.object { json in
                json.member("provider", alarm.subject.provider.name)
                json.member("country", alarm.subject.country?.description)
                json.member("kind", alarm.kind.rawValue)
                json.member("since", alarm.raisedAt.description)
                json.member("last_seen_at", alarm.seenAt.description)
                json.member("sentence", alarm.sentence)
            }
        }
        json.endArray()
    }
}
