import Domain
import JSON

/// What `POST /simulator/inbound` asks for: messages from people, or other events, that a provider
/// posts.
struct InboundOrder: Sendable {
    /// What is posted.
    enum Kind: String, Sendable, CaseIterable {
        case sms
        case mms
        /// An SMS by a word that a provider may know, and say so.
        case stop
        case start
        case help
        /// A provider's own list of who is out.
        case block
        case unblock
        case click
        case seen
        /// Something that nobody knows.
        case unknown

        /// Whether somebody has written it, so that lists have it.
        var isMessage: Bool {
            switch self {
            case .sms, .mms, .stop, .start, .help: true
            case .block, .unblock, .click, .seen, .unknown: false
            }
        }
    }

    /// Nil for the first one.
    var provider: String?
    var kind = Kind.sms
    var from = "447700900123"
    var to = "447700900999"
    var text: String?
    /// The name of the first one; others get new ones.
    var id: String?
    /// How many different ones.
    var count = 1
    /// How often each is posted.
    var copies = 1
    /// How much later they are posted.
    var delay = Duration.zero
    /// How old they are by the provider's clock.
    var age = Duration.zero
    /// Whether nothing is posted, and only the provider's list has them.
    var isLost = false
    /// Instead of the account's.
    var url: String?
    /// Whether it is called by GET, where the provider can.
    var usesGet = false

    static let counts = 1...10_000

    init(_ body: [UInt8]) throws(RequestProblem) {
        guard case .object(let members)? = try? JSONValue(strict: body) else {
            throw RequestProblem("a JSON object is needed")
        }
        for member in members { try read(member) }
    }

    private mutating func read(_ member: JSONValue.Member) throws(RequestProblem) {
        let (name, value) = (member.name, member.value)
        switch name {
        case "provider": provider = try Self.text(name, value)
        case "type":
            guard let kind = Kind(rawValue: try Self.text(name, value)) else {
                let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw RequestProblem("type takes one of \(known)")
            }
            self.kind = kind
        case "from": from = try Self.text(name, value).filter { $0 != "+" }
        case "to": to = try Self.text(name, value).filter { $0 != "+" }
        case "text": text = try Self.text(name, value)
        case "id": id = try Self.text(name, value)
        case "url": url = try Self.text(name, value)
        case "count": count = try Self.number(name, value, Self.counts)
        case "copies": copies = try Self.number(name, value, 1...100)
        case "delay_ms": delay = .milliseconds(try Self.number(name, value, 0...86_400_000))
        case "age_ms": age = .milliseconds(try Self.number(name, value, 0...864_000_000))
        case "lost": isLost = try Self.flag(name, value)
        case "by_get": usesGet = try Self.flag(name, value)
        default:
            throw RequestProblem(
                "there is no \(name); known: provider, type, from, to, text, id, url, count, copies,"
                    + " delay_ms, age_ms, lost, by_get")
        }
    }

    private static func text(_ name: String, _ value: JSONValue) throws(RequestProblem) -> String {
        guard case .string(let text) = value else { throw RequestProblem("\(name) takes a text") }
        return text
    }

    private static func number(
        _ name: String, _ value: JSONValue, _ range: ClosedRange<Int>
    ) throws(RequestProblem) -> Int {
        guard let number = value.integer.map(Int.init), range.contains(number) else {
            throw RequestProblem(
                "\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func flag(_ name: String, _ value: JSONValue) throws(RequestProblem) -> Bool {
        guard case .boolean(let flag) = value else {
            throw RequestProblem("\(name) takes true or false")
        }
        return flag
    }
}

/// A message from somebody, or another event, as a provider has it.
struct InboundRecord: Sendable {
    let id: String
    let kind: InboundOrder.Kind
    let from: String
    let to: String
    let text: String
    /// By the provider's clock.
    let at: Timestamp
    var posts = 0
    var acknowledged = 0

    /// The first word of a text that has several.
    var keyword: String? {
        let words = text.split(separator: " ", maxSplits: 1)
        return words.count == 2 ? String(words[0]).uppercased() : nil
    }
}

/// A request with one of them.
struct InboundPost: Sendable {
    let provider: String
    let request: ProviderRequest
    /// Of the record, in its provider's list.
    let id: String
    var attempt = 0
}

/// What people sent, and the posts that wait.
struct InboundBook: Sendable {
    /// By provider, the latest last.
    private(set) var records: [String: [InboundRecord]] = [:]
    private var posts = TimerHeap<InboundPost>()

    /// The most records of a provider.
    private static let limit = 100_000

    var waiting: Int { posts.count }

    /// When the next post is due.
    var nextPost: Timestamp? { posts.first }

    mutating func keep(_ record: InboundRecord, of provider: String) {
        records[provider, default: []].append(record)
        if records[provider, default: []].count > Self.limit {
            records[provider]?.removeFirst(Self.limit / 10)
        }
    }

    mutating func schedule(_ post: InboundPost, due: Timestamp) { posts.insert(post, due: due) }

    /// The posts that are due; counts them.
    mutating func take(at now: Timestamp) -> [InboundPost] {
        var due: [InboundPost] = []
        while let post = posts.pop(until: now) {
            due.append(post)
            change(post) { $0.posts += 1 }
        }
        return due
    }

    mutating func acknowledged(_ post: InboundPost) { change(post) { $0.acknowledged += 1 } }

    private mutating func change(_ post: InboundPost, _ body: (inout InboundRecord) -> Void) {
        guard let index = records[post.provider]?.lastIndex(where: { $0.id == post.id }) else {
            return
        }
        body(&records[post.provider, default: []][index])
    }
}
