import JSON

/// What can be changed while the simulator runs; JSON uses the members' names.
package struct SimulatorSettings: Sendable, Equatable {
    /// Of messages whose recipient asks for no other.
    package var behavior = Behavior.delivered
    /// The delay of every answer of the providers' APIs, 0 to 600,000.
    package var answer_delay_ms = 0
    /// Between a message's stages, 0 to 600,000.
    package var report_delay_ms = 200
    /// How late `timeout_after` and `timeout_before` answer, 0 to 600,000.
    package var timeout_ms = 65_000
    /// How late `slow` answers, 0 to 600,000.
    package var slow_ms = 3_000
    /// How late the callbacks of `late` come, 0 to 3,600,000.
    package var late_ms = 20_000
    /// How often held-back callbacks are sent: of `burst`, and of all messages if `burst` is set.
    package var burst_ms = 2_000
    /// Whether all callbacks are held back.
    package var burst = false
    /// Whether every message's final callback comes before the others.
    package var reorder = false
    /// The share of callbacks that are never sent, 0 to 1.
    package var loss = 0.0
    /// The share of callbacks that are sent twice, 0 to 1.
    package var duplicate = 0.0
    /// How many of the next sending requests behave as `fail_with`, 0 to 1,000,000,000.
    package var fail_next = 0
    /// The behaviour whose answer they get.
    package var fail_with = Behavior.serverError
    /// The most reports in one of Infobip's callbacks, 1 to 2,000.
    package var callback_batch = 100
    /// The most callbacks in flight, 1 to 256.
    package var callback_concurrency = 8
    /// The factor for the pauses before a callback is repeated, 0.000001 to 1.
    package var retry_scale = 1.0
    /// The factor for validity periods, 0.000001 to 1.
    package var validity_scale = 1.0
    /// Status queries to Infobip's logs a minute before they are answered 429, 0 for any number.
    /// Source: providers.md, A.5.
    package var infobip_logs_per_minute = 120
    /// Requests to Plivo in five seconds before they are answered 429, 0 for any number.
    /// Source: providers.md, B.1.
    package var plivo_requests_per_5s = 300

    package init() {}

    private static let integers:
        [(String, any (WritableKeyPath<Self, Int> & Sendable), ClosedRange<Int>)] = [
            ("answer_delay_ms", \.answer_delay_ms, 0...600_000),
            ("report_delay_ms", \.report_delay_ms, 0...600_000),
            ("timeout_ms", \.timeout_ms, 0...600_000),
            ("slow_ms", \.slow_ms, 0...600_000),
            ("late_ms", \.late_ms, 0...3_600_000),
            ("burst_ms", \.burst_ms, 1...600_000),
            ("fail_next", \.fail_next, 0...1_000_000_000),
            ("callback_batch", \.callback_batch, 1...2_000),
            ("callback_concurrency", \.callback_concurrency, 1...256),
            ("infobip_logs_per_minute", \.infobip_logs_per_minute, 0...1_000_000_000),
            ("plivo_requests_per_5s", \.plivo_requests_per_5s, 0...1_000_000_000),
        ]
    private static let numbers:
        [(String, any (WritableKeyPath<Self, Double> & Sendable), ClosedRange<Double>)] = [
            ("loss", \.loss, 0...1), ("duplicate", \.duplicate, 0...1),
            ("retry_scale", \.retry_scale, 0.000_001...1),
            ("validity_scale", \.validity_scale, 0.000_001...1),
        ]
    private static let flags: [(String, any (WritableKeyPath<Self, Bool> & Sendable))] = [
        ("burst", \.burst), ("reorder", \.reorder),
    ]
    private static let behaviors: [(String, any (WritableKeyPath<Self, Behavior> & Sendable))] = [
        ("behavior", \.behavior), ("fail_with", \.fail_with),
    ]

    /// The names that `change` knows.
    package static var names: [String] {
        integers.map(\.0) + numbers.map(\.0) + flags.map(\.0) + behaviors.map(\.0)
    }

    /// Sets one member from its text on the command line.
    ///
    /// - Parameters:
    ///   - name: of the member.
    ///   - text: its value.
    /// - Returns: what is wrong, nil if nothing is.
    package mutating func set(_ name: String, to text: String) -> String? {
        let value: JSONValue =
            Double(text).map { _ in .number(text) } ?? Bool(text).map { .boolean($0) }
            ?? .string(text)
        return change(name, to: value)
    }

    /// Changes the members that an object names, or none of them if one is not valid.
    ///
    /// - Returns: every problem.
    mutating func change(_ members: [JSONValue.Member]) -> [String] {
        var changed = self
        let problems = members.inOrderOfNames.compactMap { changed.change($0.name, to: $0.value) }
        if problems.isEmpty { self = changed }
        return problems
    }

    private mutating func change(_ name: String, to value: JSONValue) -> String? {
        if let (_, path, range) = Self.integers.first(where: { $0.0 == name }) {
            guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number)
            else {
                return "\(name) takes a whole number from \(range.lowerBound)"
                    + " to \(range.upperBound)"
            }
            self[keyPath: path] = number
        } else if let (_, path, range) = Self.numbers.first(where: { $0.0 == name }) {
            guard case .number(let text) = value, let number = Double(text), range.contains(number)
            else { return "\(name) takes a number from \(range.lowerBound) to \(range.upperBound)" }
            self[keyPath: path] = number
        } else if let (_, path) = Self.flags.first(where: { $0.0 == name }) {
            guard case .boolean(let flag) = value else { return "\(name) takes true or false" }
            self[keyPath: path] = flag
        } else if let (_, path) = Self.behaviors.first(where: { $0.0 == name }) {
            guard case .string(let word) = value, let behavior = Behavior(rawValue: word) else {
                let words = Behavior.allCases.map(\.rawValue).joined(separator: ", ")
                return "\(name) takes one of \(words)"
            }
            self[keyPath: path] = behavior
        } else {
            return "there is no setting \(name)"
        }
        return nil
    }

    /// A member's value as text; empty for an unknown name.
    package func text(of name: String) -> String {
        switch value(of: name) {
        case .string(let text), .number(let text): text
        case .boolean(let flag): "\(flag)"
        case nil, .null, .array, .object: ""
        }
    }

    /// All members as a JSON object, a line each.
    var json: [UInt8] {
        var json = JSONWriter(indent: 2)
        json.object { json in
            for name in Self.names.sorted() {
                json.key(name)
                switch value(of: name) {
                case .string(let text): json.string(text)
                case .number(let text): json.raw(text)
                case .boolean(let flag): json.boolean(flag)
                case nil, .null, .array, .object: json.null()
                }
            }
        }
        return json.bytes
    }

    private func value(of name: String) -> JSONValue? {
        if let (_, path, _) = Self.integers.first(where: { $0.0 == name }) {
            .number("\(self[keyPath: path])")
        } else if let (_, path, _) = Self.numbers.first(where: { $0.0 == name }) {
            .number("\(self[keyPath: path])")
        } else if let (_, path) = Self.flags.first(where: { $0.0 == name }) {
            .boolean(self[keyPath: path])
        } else if let (_, path) = Self.behaviors.first(where: { $0.0 == name }) {
            .string(self[keyPath: path].rawValue)
        } else {
            nil
        }
    }
}
