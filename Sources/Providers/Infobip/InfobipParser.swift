import Domain
import JSON

/// Reads one body of what Infobip sends to the URL of delivery reports, in one pass.
///
/// Each result is handled by itself: as a report of version 2 or 3, a report with odd fields, an
/// inbound message, an event of another kind, or something that cannot be read. None affects another.
struct InfobipParser {
    /// The most results that one callback may hold.
    static let resultLimit = 10_000
    /// The most characters of a message id that Infobip takes.
    static let messageIDLimit = 200
    /// The most segments that are accepted.
    static let segmentLimit: Int64 = 10_000
    /// The most bytes of attributes of one report.
    static let attributesLimit = 65_536

    var reader: JSONReader
    private(set) var reports: [Report] = []
    private(set) var inbound: [InboundMessage] = []
    private(set) var optOuts: [OptOutNotice] = []
    /// How many events need nothing but the archive.
    private(set) var events = 0
    private var lost: [Reject] = []
    private var notes = OddityNotes()

    private let known: InfobipOutcomes.Table
    private(set) var learned: [UInt64: InfobipOutcome] = [:]
    /// The provider status of the last result.
    private(set) var recent: InfobipOutcome?
    /// The last bulk id, which is the same for a whole batch.
    private var lastBulk: (range: Range<Int>, text: String) = (0..<0, "")

    private var seenResults = false
    private var resultCount = 0
    private var index: Int?
    private var field: InfobipField?
    /// A problem of the whole text; reported only once it is known to be JSON.
    private var refusal: Malformation?

    /// - Parameters:
    ///   - bytes: the body.
    ///   - limits: the bounds of strings, numbers and nesting.
    ///   - known: the provider statuses that earlier callbacks had.
    init(_ bytes: ByteView, limits: JSONReader.Limits, known: InfobipOutcomes.Table) {
        reader = JSONReader(bytes, limits: limits)
        self.known = known
        recent = known.recent
    }

    /// The rejects for quarantine.
    var rejects: [Reject] { notes.isEmpty ? lost : lost + notes.rejects }

    /// Reads all of it.
    ///
    /// An object without results is one itself, or an event of another kind.
    ///
    /// - Throws: `Malformation` if it is not a JSON object, or has too many results or two lists.
    mutating func parse() throws(Malformation) {
        do throws(JSONFault) {
            let isObject = reader.peek() == UInt8(ascii: "{")
            let start = reader.position
            if isObject {
                try readRoot()
            } else {
                try reader.skipValue()
                refuse(.wrongShape, at: "byte 0", "An object with `results` was expected.")
            }
            try reader.finish()
            if !seenResults, isObject {
                reader.position = start
                try readLoneResult()
            }
        } catch {
            throw Malformation(error, in: place, limits: reader.limits)
        }
        if let refusal { throw refusal }
    }

    /// The path to what is being read, of known names only.
    private var place: String? {
        guard let index else { return nil }
        guard let field else { return "results[\(index)]" }
        return "results[\(index)].\(field.name)"
    }

    private mutating func refuse(_ code: Malformation.Code, at place: String, _ detail: String) {
        if refusal == nil { refusal = Malformation(code, at: place, detail) }
    }

    private mutating func readRoot() throws(JSONFault) {
        try reader.enterObject()
        while let key = try reader.nextKey() {
            let byte = reader.peek()
            let start = reader.position
            guard reader.bytes.matches(key, "results") else {
                try reader.skipValue()
                noteFlaw(of: start..<reader.position)
                continue
            }
            if seenResults {
                refuse(.wrongShape, at: "results", "`results` is given twice.")
            }
            seenResults = true
            switch byte {
            case UInt8(ascii: "["):
                try readResults()
            case UInt8(ascii: "{"):
                // One result that is not in a list.
                try readNextResult()
            case UInt8(ascii: "n"):
                try reader.scanLiteral()
            default:
                try reader.skipValue()
                lost.append(
                    RejectReason.notAReport.reject(
                        at: "results", excerpt: reader.bytes.slice(start..<reader.position)))
            }
            reader.flaw = nil
        }
    }

    /// Members outside of the results are not used; if one cannot be read, that is still reported.
    private mutating func noteFlaw(of range: Range<Int>) {
        guard let flaw = reader.flaw else { return }
        reader.flaw = nil
        notes.add(
            [Oddity(RejectReason(flaw), "byte \(flaw.offset)")], of: "",
            excerpt: reader.bytes.slice(range))
    }

    private mutating func readResults() throws(JSONFault) {
        // A report takes about 450 bytes; too small an estimate costs one move of the array.
        reports.reserveCapacity(min(reader.bytes.count / 400, Self.resultLimit) + 1)
        try reader.enterArray()
        while try reader.nextElement() { try readNextResult() }
        index = nil
    }

    private mutating func readNextResult() throws(JSONFault) {
        guard resultCount < Self.resultLimit else {
            refuse(
                .tooManyResults, at: "results[\(Self.resultLimit)]",
                "A callback may hold \(Self.resultLimit) results.")
            return try reader.skipValue()
        }
        index = resultCount
        reader.flaw = nil
        if reader.peek() == UInt8(ascii: "{") {
            var result = try InfobipResult(from: &reader, recent: recent, field: &field)
            try take(&result, at: { "results[\($0 ?? 0)]" })
        } else {
            let start = reader.position
            try reader.skipValue()
            lost.append(
                RejectReason.wrongType.reject(
                    at: "results[\(resultCount)]",
                    excerpt: reader.bytes.slice(start..<reader.position)))
        }
        resultCount += 1
        index = nil
    }

    /// The object that is the whole body.
    private mutating func readLoneResult() throws(JSONFault) {
        reader.flaw = nil
        var result = try InfobipResult(from: &reader, recent: recent, field: &field)
        if result.messageID == nil || result.status == nil {
            let kind = try InfobipEvent.kind(of: result.range, in: reader.bytes) ?? .notAReport
            take(kind, at: "body", reader.bytes.slice(result.range))
        } else {
            try take(&result, at: { _ in "body" })
        }
    }

    /// Keeps the report of a result, and its notes.
    @inline(__always)
    private mutating func take(
        _ result: inout InfobipResult, at place: (Int?) -> String
    ) throws(JSONFault) {
        if result.problem == nil, let report = try report(of: &result) {
            reports.append(report)
            if result.oddities.isEmpty { return }
        }
        try keep(result, at: place(index))
    }

    private mutating func keep(_ result: InfobipResult, at place: String) throws(JSONFault) {
        let excerpt = reader.bytes.slice(result.range)
        guard let problem = result.problem else {
            return notes.add(result.oddities, of: place, excerpt: excerpt)
        }
        if result.status == nil,
            let kind = try InfobipEvent.kind(of: result.range, in: reader.bytes)
        {
            take(kind, at: place, excerpt)
        } else {
            let path = problem.path.isEmpty ? "" : "." + problem.path
            lost.append(problem.reason.reject(at: place + path, excerpt: excerpt))
        }
    }

    /// Keeps what is no report, by its kind.
    private mutating func take(
        _ kind: RejectReason, at place: String, _ result: UnsafeRawBufferPointer
    ) {
        switch kind {
        case .click, .seen:
            events += 1
            return
        case .inboundMessage:
            if let message = InfobipInbound(result)?.message() { return inbound.append(message) }
        case .blocklistEvent:
            if let notice = InfobipInbound(result)?.notice() { return optOuts.append(notice) }
        default: break
        }
        lost.append(kind.reject(at: place, excerpt: result))
    }

    /// The provider status of a result, from the last one, the table, or its bytes; nil if it is
    /// not clear which status it is, with the problem in the result.
    mutating func outcome(of result: inout InfobipResult) throws(JSONFault) -> InfobipOutcome? {
        let bytes = reader.bytes
        guard let status = result.status else {
            result.refuse(.missingField, "status")
            return nil
        }
        let ranges = InfobipOutcomes.Ranges(status: status, error: result.error ?? 0..<0)
        if let recent, ranges.hold(recent, in: bytes) { return recent }
        let key = ranges.key(in: bytes)
        let found = known.entry(key, bytes, ranges) ?? learned[key]
        if let found, ranges.hold(found, in: bytes) {
            recent = found
            return found
        }
        let statusText = try InfobipStatusText(.status, bytes, status, limits: reader.limits)
        var errorText = InfobipStatusText()
        if let error = result.error {
            errorText = try InfobipStatusText(.error, bytes, error, limits: reader.limits)
        }
        let entry = InfobipOutcome(
            status: Array(bytes.slice(status)), error: Array(bytes.slice(ranges.error)),
            statusText: statusText, errorText: errorText)
        let isUnclear = entry.finalStatus == .unknown ? statusText.oddities.first : nil
        if let problem = statusText.contradiction ?? isUnclear {
            result.refuse(problem.reason, problem.path)
            return nil
        }
        guard ranges.status.count <= InfobipOutcomes.byteLimit,
            ranges.error.count <= InfobipOutcomes.byteLimit
        else { return entry }
        learned[key] = entry
        recent = entry
        return entry
    }

    /// The text of a batch's id, made once as long as it stays the same.
    mutating func bulkID(_ string: JSONString?) -> String? {
        guard let string else { return nil }
        if reader.bytes.same(string.range, lastBulk.range) { return lastBulk.text }
        let text = reader.bytes.text(string).text
        lastBulk = (string.range, text)
        return text
    }
}

extension Malformation {
    /// A body that is not JSON.
    ///
    /// - Parameters:
    ///   - fault: what is wrong.
    ///   - path: the result that it stands in, where it does.
    ///   - limits: the bounds that were in force, for the text.
    fileprivate init(_ fault: JSONFault, in path: String?, limits: JSONReader.Limits) {
        let place = path.map { "byte \(fault.offset) in \($0)" } ?? "byte \(fault.offset)"
        self.init(.notJSON, at: place, fault.explanation(limits))
    }
}
