import Domain
import JSON

/// The spool as the API shows it.
enum SpoolView {
    /// Adds a member `spool`: null if there is none.
    static func describe(_ state: SpoolState?, at now: Timestamp, in json: inout JSONWriter) {
        json.key("spool")
        guard let state else { return json.null() }
        json.beginObject()
        json.member("mode", state.mode.rawValue)
        json.member("accepts", state.accepts)
        json.member("problem", state.problem)
        json.member("bytes", state.waitingBytes)
        json.member("callbacks", state.waitingCallbacks)
        json.member("limit_bytes", state.limitBytes)
        json.member("file_bytes", state.fileBytes)
        json.member(
            "oldest_age_seconds", state.oldestAt.map { max(0, now.since($0).components.seconds) })
        json.key("drained_per_second")
        json.number(state.drainRate)
        json.member("set_aside_files", state.setAsideFiles)
        json.endObject()
    }
}
