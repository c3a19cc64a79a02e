import Domain

/// Reads one body of Infobip's delivery reports, of version 2 or 3, in one pass.
struct InfobipParser {
    /// The most results that one callback may hold.
    static let resultLimit = 10_000
    /// The most characters of a message id that Infobip takes.
    static let messageIDLimit = 200
    /// The most segments that are believed.
    static let segmentLimit: Int32 = 10_000
    /// The most bytes of attributes of one report.
    static let attributesLimit = 65_536

    var reader: JSONReader
    private(set) var reports: [Report] = []
    private(set) var rejects: [Reject] = []

    private let known: InfobipOutcomes.Table
    private(set) var learned: [UInt64: InfobipOutcome] = [:]
    /// The words of the last result.
    private(set) var recent: InfobipOutcome?
    /// The last bulk id, which is the same for a whole batch.
    private var lastBulk: (range: Range<Int>, text: String) = (0..<0, "")

    private var seenResults = false
    private var resultCount = 0
    private var index: Int?
    private var field: InfobipField?
    /// What is wrong with the whole although it is JSON; told only once all is known to be JSON.
    private var refusal: Malformation?

    /// - Parameters:
    ///   - bytes: the body.
    ///   - limits: the bounds of strings, numbers and nesting.
    ///   - known: the words that earlier callbacks had.
    init(_ bytes: ByteView, limits: JSONReader.Limits, known: InfobipOutcomes.Table) {
        reader = JSONReader(bytes, limits: limits)
        self.known = known
        recent = known.recent
    }

    /// Reads all of it.
    ///
    /// - Throws: `Malformation` if it is no JSON, breaks a bound, or holds no results.
    mutating func parse() throws(Malformation) {
        do throws(JSONFault) {
            try readRoot()
            try reader.finish()
        } catch {
            throw error.malformation(in: place, limits: reader.limits)
        }
        if let refusal { throw refusal }
        guard resultCount > 0 else {
            throw Malformation(.noResults, at: "results", "At least one result was expected.")
        }
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
        guard reader.peek() == UInt8(ascii: "{") else {
            try reader.skipValue()
            return refuse(.wrongShape, at: "byte 0", "An object with `results` was expected.")
        }
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard reader.bytes.matches(key, "results") else {
                _ = reader.peek()
                let start = reader.position
                try reader.skipValue()
                rejectInvalidUTF8(of: start..<reader.position)
                continue
            }
            if seenResults {
                refuse(.wrongShape, at: "results", "`results` is given twice.")
            }
            seenResults = true
            if reader.peek() == UInt8(ascii: "[") {
                try readResults()
            } else {
                try reader.skipValue()
                refuse(.wrongShape, at: "results", "An array was expected.")
            }
        }
    }

    /// Nothing outside of the results is used; if it is no text, that is still told.
    private mutating func rejectInvalidUTF8(of range: Range<Int>) {
        guard let offset = reader.invalidUTF8 else { return }
        reader.invalidUTF8 = nil
        rejects.append(
            RejectReason.invalidUTF8.reject(
                at: "byte \(offset)", excerpt: reader.bytes.slice(range)))
    }

    private mutating func readResults() throws(JSONFault) {
        // A report takes about 450 bytes; too small an estimate costs one move of the array.
        reports.reserveCapacity(min(reader.bytes.count / 400, Self.resultLimit) + 1)
        try reader.enterArray()
        while try reader.nextElement() {
            guard resultCount < Self.resultLimit else {
                refuse(
                    .tooManyResults, at: "results[\(Self.resultLimit)]",
                    "A callback may hold \(Self.resultLimit) results.")
                try reader.skipValue()
                continue
            }
            index = resultCount
            try readElement(resultCount)
            resultCount += 1
        }
        index = nil
    }

    private mutating func readElement(_ index: Int) throws(JSONFault) {
        reader.invalidUTF8 = nil
        let isObject = reader.peek() == UInt8(ascii: "{")
        guard isObject else {
            let start = reader.position
            try reader.skipValue()
            reader.invalidUTF8 = nil
            rejects.append(
                RejectReason.wrongType.reject(
                    at: "results[\(index)]", excerpt: reader.bytes.slice(start..<reader.position)))
            return
        }
        var result = try InfobipResult(from: &reader, recent: recent, field: &field)
        if reader.invalidUTF8 != nil {
            reader.invalidUTF8 = nil
            result.note(.invalidUTF8, "")
        }
        if result.problem == nil, let report = try report(of: &result) {
            reports.append(report)
        }
        if let problem = result.problem {
            let path = problem.path.isEmpty ? "" : "." + problem.path
            rejects.append(
                problem.reason.reject(
                    at: "results[\(index)]\(path)", excerpt: reader.bytes.slice(result.range)))
        }
    }

    /// The words of a result, from the last one, the table, or its bytes; nil with a note in the
    /// result where they cannot be used.
    mutating func outcome(of result: inout InfobipResult) throws(JSONFault) -> InfobipOutcome? {
        let bytes = reader.bytes
        guard let status = result.status else {
            result.note(.missingField, "status")
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
        let statusWords = try InfobipWords(.status, bytes, status, limits: reader.limits)
        if let problem = statusWords.problem {
            result.note(problem.reason, "status.\(problem.member)")
        }
        var errorWords = InfobipWords()
        if let error = result.error {
            errorWords = try InfobipWords(.error, bytes, error, limits: reader.limits)
            if let problem = errorWords.problem {
                result.note(problem.reason, "error.\(problem.member)")
            }
        }
        guard result.problem == nil else { return nil }
        let entry = InfobipOutcome(
            status: Array(bytes.slice(status)), error: Array(bytes.slice(ranges.error)),
            statusWords: statusWords, errorWords: errorWords)
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
