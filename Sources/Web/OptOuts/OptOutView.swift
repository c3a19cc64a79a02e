package import Domain
import JSON

/// Opt-outs as JSON and CSV, as one caller may see them.
struct OptOutView {
    private let seesDetails: Bool

    init(_ seesDetails: Bool) { self.seesDetails = seesDetails }

    func members(of entry: OptOutEntry, in json: inout JSONWriter) {
        json.member("id", entry.id.description)
        json.member("to", number(entry))
        json.member("from", entry.sender)
        json.member("out", entry.isOut)
        json.member("source", entry.source.name)
        json.member("provider", entry.provider?.name)
        json.member("at", entry.at.description)
        json.member("recorded_at", entry.recordedAt.description)
        json.member("detail", seesDetails ? entry.detail : nil)
        json.object("cause") { json in
            json.member("inbound_id", entry.cause.inbound?.description)
            json.member("message_id", entry.cause.message?.description)
            json.member("callback_id", entry.cause.callback?.description)
        }
        json.key("by")
        if let principal = entry.principal {
            json.object { json in
                json.member("kind", principal.id.kind.rawValue)
                json.member("id", principal.id.uuid.description)
                json.member("name", principal.name)
            }
        } else {
            json.null()
        }
    }

    /// Nil of a number that was erased: only its digest is left.
    private func number(_ entry: OptOutEntry) -> String? {
        guard !entry.recipient.hasPrefix("#") else { return nil }
        return seesDetails ? entry.recipient : NumberMask.masked(entry.recipient)
    }

    /// The header line of an export; an import reads `to`, `from` and `detail`.
    static let columns = [
        "to", "from", "at", "detail", "source", "provider", "recorded_at", "inbound_id",
        "message_id", "callback_id", "by", "id",
    ]

    func row(_ entry: OptOutEntry, in csv: inout CSVWriter) {
        csv.text(number(entry))
        csv.text(entry.sender)
        csv.time(entry.at)
        csv.text(seesDetails ? entry.detail : nil)
        csv.word(entry.source.name)
        csv.text(entry.provider?.name)
        csv.time(entry.recordedAt)
        csv.identifier(entry.cause.inbound)
        csv.identifier(entry.cause.message)
        csv.identifier(entry.cause.callback)
        csv.text(entry.principal?.name)
        csv.identifier(entry.id)
        csv.endRow()
    }
}

/// Opt-outs as the text of an export, for the command line.
package struct OptOutTable {
    private var csv = CSVWriter()
    private let view = OptOutView(true)

    /// Begins with the header line.
    package init() {
        for column in OptOutView.columns { csv.word(column) }
        csv.endRow()
    }

    package mutating func row(_ entry: OptOutEntry) { view.row(entry, in: &csv) }

    /// What was written since the last call.
    package mutating func takeText() -> String {
        defer { csv.removeAll() }
        return String(decoding: csv.bytes, as: UTF8.self)
    }
}
