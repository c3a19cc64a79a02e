/// A command's arguments, checked against those that it accepts.
struct Arguments {
    /// The arguments without a dash, in order.
    let positional: [String]
    private let values: [String: [String]]
    private let flags: Set<String>

    /// - Parameters:
    ///   - words: the arguments after the command's name.
    ///   - options: names that take a value, without dashes.
    ///   - repeated: those of the options that may come more than once.
    ///   - flags: names that take none.
    ///   - positional: how many arguments may be without a dash.
    /// - Throws: `CommandFailure` for anything else.
    init(
        _ words: [String], options: Set<String> = [], repeated: Set<String> = [],
        flags: Set<String> = [], positional: ClosedRange<Int> = 0...0
    ) throws(CommandFailure) {
        var values: [String: [String]] = [:]
        var seen: Set<String> = []
        var alone: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                alone.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if flags.contains(name), parts.count == 1 {
                seen.insert(name)
            } else if options.contains(name) {
                guard values[name] == nil || repeated.contains(name) else {
                    throw CommandFailure(.usage, "--\(name) was given twice")
                }
                // A word with two dashes is the next option, whose value was forgotten here.
                guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(),
                    !value.isEmpty, parts.count == 2 || !value.hasPrefix("--")
                else { throw CommandFailure(.usage, "--\(name) needs a value") }
                values[name, default: []].append(value)
            } else {
                throw CommandFailure(.usage, "unknown option \(word)")
            }
        }
        guard positional.contains(alone.count) else {
            throw CommandFailure(
                .usage,
                alone.count > positional.upperBound
                    ? "unexpected argument \"\(alone[positional.upperBound])\""
                    : "an argument is missing")
        }
        self.positional = alone
        self.values = values
        self.flags = seen
    }

    /// An option's value, nil if it was not given.
    func value(_ name: String) -> String? { values[name]?.first }

    /// The values of an option that may be repeated, in order.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// Whether a flag was given.
    func has(_ flag: String) -> Bool { flags.contains(flag) }

    /// An option's value as a whole number within bounds.
    func integer(_ name: String, in bounds: ClosedRange<Int>) throws(CommandFailure) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), bounds.contains(number) else {
            throw CommandFailure(
                .usage,
                "--\(name) takes a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        return number
    }
}
