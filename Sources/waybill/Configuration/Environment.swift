private import Foundation

/// The environment as a source of settings: `NAME`, or the content of the file `NAME_FILE`.
///
/// Reading never stops at a problem; all of them are collected, so that they are listed at once.
struct Environment {
    private let variables: ProcessEnvironment
    /// What the user wrote a setting as, where it was not the variable.
    private let options: [String: String]
    private let readFile: (String) -> String?
    /// What is wrong so far: the setting's name, and what to do.
    var problems: [String] = []

    /// - Parameters:
    ///   - variables: names to values; empty values count as absent.
    ///   - options: options of the command line by the setting that they stand for; problems name
    ///     them in its place.
    ///   - readFile: a file's text, nil if it cannot be read.
    init(
        _ variables: ProcessEnvironment = .current, options: [String: String] = [:],
        readFile: @escaping (String) -> String? = Self.text(ofFile:)
    ) {
        self.variables = variables
        self.options = options
        self.readFile = readFile
    }

    /// The same with these variables and no others.
    init(
        _ variables: [String: String],
        readFile: @escaping (String) -> String? = Self.text(ofFile:)
    ) {
        self.init(ProcessEnvironment(texts: variables), readFile: readFile)
    }

    /// What to say of a value of which this byte, from 1, is the first that is no UTF-8.
    static func notUTF8(_ byte: Int) -> String {
        "is not UTF-8: byte \(byte) of its value belongs to no character"
    }

    /// The most bytes of a file; secrets are short, and a device may have no end.
    private static let fileLimit = 1 << 20

    /// A file's text, without the byte order mark that some editors put before it; nil for what is
    /// no UTF-8, too.
    static func text(ofFile path: String) -> String? {
        // Not by FileManager, which reads no pipe, as in `--key-file <(…)`.
        guard let file = FileHandle(forReadingAtPath: path),
            let content = try? file.read(upToCount: fileLimit + 1) ?? Data(),
            content.count <= fileLimit
        else { return nil }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return String(
            validating: content.dropFirst(content.starts(with: mark) ? mark.count : 0),
            as: UTF8.self)
    }

    /// The same without some settings, as if nobody had given them.
    func without(_ names: Set<String>) -> Environment {
        var rest = variables
        for name in names {
            rest.set(name, to: nil)
            rest.set(name + "_FILE", to: nil)
        }
        return Environment(rest, options: options, readFile: readFile)
    }

    /// Notes a problem of a setting.
    ///
    /// A setting that is read twice has its problem once.
    mutating func report(_ name: String, _ problem: String) {
        let line = "\(options[name] ?? name): \(problem)"
        if !problems.contains(line) { problems.append(line) }
    }

    /// A setting's text, nil if it is absent.
    mutating func text(_ name: String) -> String? {
        for name in [name, name + "_FILE"] {
            guard let byte = variables.faults[name] else { continue }
            report(name, Self.notUTF8(byte))
            return nil
        }
        let direct = variables.texts[name].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = variables.texts[name + "_FILE"], !path.isEmpty else { return direct }
        guard direct == nil else {
            report(name, "is set together with \(name)_FILE; keep one of them")
            return direct
        }
        guard var content = readFile(path) else {
            report(name + "_FILE", "the file \(path) cannot be read as UTF-8 text")
            return nil
        }
        while content.last?.isNewline == true { content.removeLast() }
        if content.isEmpty { report(name + "_FILE", "the file \(path) is empty") }
        return content.isEmpty ? nil : content
    }

    /// A setting that must be there.
    mutating func required(_ name: String, _ purpose: String) -> String? {
        let value = text(name)
        if value == nil, !isGiven(name) { report(name, "is not set; \(purpose)") }
        return value
    }

    /// Whether somebody gave it a value, be it one that can be read or not.
    func isGiven(_ name: String) -> Bool {
        [name, name + "_FILE"].contains { name in
            variables.faults[name] != nil || !(variables.texts[name] ?? "").isEmpty
        }
    }

    /// Several values: separated by commas or line breaks, `\,` for a comma that belongs to one.
    mutating func list(_ name: String) -> [String] {
        guard let text = text(name) else { return [] }
        var values: [String] = [""]
        var escaped = false
        for character in text {
            if escaped {
                escaped = false
                if character == "," {
                    values[values.count - 1].append(character)
                    continue
                }
                values[values.count - 1].append("\\")
            }
            if character == "\\" {
                escaped = true
            } else if character == "," || character.isNewline {
                values.append("")
            } else {
                values[values.count - 1].append(character)
            }
        }
        if escaped { values[values.count - 1].append("\\") }
        values = values.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        if values.isEmpty { report(name, "holds no value, only separators") }
        return values
    }

    /// Several secrets.
    ///
    /// A comma that somebody took for part of a secret would make two of it, and the first could be
    /// one letter: a part that short is a problem. One secret alone may be of any length.
    mutating func secrets(_ name: String) -> [String] {
        let values = list(name)
        if values.count > 1, let shortest = values.map(\.count).min(), shortest < 8 {
            report(
                name,
                "has a part of \(shortest) characters, and each secret of a list takes at least 8;"
                    + " write \\, for a comma that belongs to the secret")
        }
        return values
    }

    /// A whole number within bounds.
    mutating func integer(_ name: String, default value: Int, in bounds: ClosedRange<Int>) -> Int {
        guard let text = text(name) else { return value }
        guard let number = Int(text), bounds.contains(number) else {
            report(
                name, "takes a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
            return value
        }
        return number
    }

    /// `true` or `false`.
    mutating func flag(_ name: String, default value: Bool) -> Bool {
        switch text(name)?.lowercased() {
        case nil: return value
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            report(name, "takes true or false")
            return value
        }
    }

    /// One word of several; `synonyms` are other words for them.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String, default value: Value, synonyms: [String: Value] = [:]
    ) -> Value where Value.RawValue == String {
        guard let text = text(name)?.lowercased() else { return value }
        guard let match = Value(rawValue: text) ?? synonyms[text] else {
            let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
            report(name, "takes one of \(words)")
            return value
        }
        return match
    }
}
