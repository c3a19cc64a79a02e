private import Foundation

/// The environment as the source of settings: `NAME`, or the content of the file `NAME_FILE`.
///
/// A setting is read by its entry in the table, never by a bare name. Reading never stops at a
/// problem; all of them are collected, so that they are listed at once.
package struct Environment {
    private var variables: ProcessEnvironment
    /// The command-line options that replaced variables, by the variable's name.
    private var options: [String: String] = [:]
    private let readFile: (String) -> String?
    /// The problems found so far.
    package private(set) var problems: [SettingProblem] = []
    /// The settings read so far; tests compare them with the readers in the table.
    package private(set) var settingsRead: Set<Setting> = []

    /// - Parameters:
    ///   - variables: names to values; empty values count as absent.
    ///   - readFile: a file's text, nil if it cannot be read.
    package init(
        _ variables: ProcessEnvironment = .current,
        readFile: @escaping (String) -> String? = Self.text(ofFile:)
    ) {
        self.variables = variables
        self.readFile = readFile
    }

    /// The same with only these variables.
    ///
    /// - Parameters:
    ///   - variables: names to values; empty values count as absent.
    ///   - readFile: a file's text, nil if it cannot be read.
    package init(
        _ variables: [String: String],
        readFile: @escaping (String) -> String? = Self.text(ofFile:)
    ) {
        self.init(ProcessEnvironment(texts: variables), readFile: readFile)
    }
}

// MARK: - Where a value comes from

extension Environment {
    /// The problem of a value whose byte at this place, counted from 1, is not UTF-8.
    package static func notUTF8(_ byte: Int) -> String {
        "is not UTF-8: byte \(byte) of its value belongs to no character"
    }

    /// The most bytes of a file; secrets are short, and a device may be endless.
    private static let fileLimit = 1 << 20

    /// A file's text, without the byte order mark that some editors add; nil also for text that is
    /// not UTF-8.
    package static func text(ofFile path: String) -> String? {
        // Not with FileManager, which cannot read a pipe such as `--key-file <(…)`.
        guard let file = FileHandle(forReadingAtPath: path),
            let content = try? file.read(upToCount: fileLimit + 1) ?? Data(),
            content.count <= fileLimit
        else { return nil }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return String(
            validating: content.dropFirst(content.starts(with: mark) ? mark.count : 0),
            as: UTF8.self)
    }

    /// The same without some settings, as if they were not given.
    package func without(_ settings: Set<Setting>) -> Environment {
        var rest = variables
        for setting in settings {
            rest.set(setting.name, to: nil)
            rest.set(setting.fileName, to: nil)
        }
        var environment = Environment(rest, readFile: readFile)
        environment.options = options
        return environment
    }

    /// Replaces a setting by a command-line option; problems name the option.
    ///
    /// - Parameters:
    ///   - setting: what the option stands for.
    ///   - value: what the setting would be.
    ///   - option: with its dashes.
    package mutating func replace(_ setting: Setting, with value: String, by option: String) {
        set(setting, value: value, file: nil, by: option)
    }

    /// Replaces a setting by a command-line option that names a file.
    ///
    /// - Parameters:
    ///   - setting: what the option stands for.
    ///   - path: the file that holds the value.
    ///   - option: with its dashes.
    package mutating func replace(_ setting: Setting, withFile path: String, by option: String) {
        set(setting, value: nil, file: path, by: option)
    }

    private mutating func set(_ setting: Setting, value: String?, file: String?, by option: String)
    {
        variables.set(setting.name, to: value)
        variables.set(setting.fileName, to: file)
        options[setting.name] = option
        options[setting.fileName] = option
    }

    /// Records a problem of a setting.
    ///
    /// A setting that is read twice has its problem once.
    ///
    /// - Parameters:
    ///   - setting: what is wrong.
    ///   - problem: what is wrong with it, and what to do; without a secret.
    package mutating func report(_ setting: Setting, _ problem: String) {
        report(setting, setting.name, problem)
    }

    private mutating func report(_ setting: Setting, _ name: String, _ text: String) {
        note(SettingProblem(setting.name, subject: options[name] ?? name, text))
    }

    /// Records a problem of a command-line option that stands for no setting.
    ///
    /// - Parameters:
    ///   - option: with its dashes.
    ///   - problem: what is wrong with it, and what to do.
    package mutating func report(option: String, _ problem: String) {
        note(SettingProblem(option, problem))
    }

    private mutating func note(_ problem: SettingProblem) {
        if !problems.contains(problem) { problems.append(problem) }
    }

    /// Reads something and drops its problems, because another reading reports them.
    ///
    /// - Parameter body: what is read.
    /// - Returns: what the body returns.
    package mutating func silently<Value>(_ body: (inout Environment) -> Value) -> Value {
        let before = problems
        defer { problems = before }
        return body(&self)
    }
}

// MARK: - What is given

extension Environment {
    /// Where a value comes from.
    package enum Origin: String, Sendable {
        case environment
        case file
    }

    /// Where a setting's value comes from, valid or not; nil if it is not given.
    package func origin(of setting: Setting) -> Origin? {
        if isGiven(setting.name) { return .environment }
        return isGiven(setting.fileName) ? .file : nil
    }

    /// Whether it is given, valid or not.
    package func isGiven(_ setting: Setting) -> Bool { origin(of: setting) != nil }

    private func isGiven(_ name: String) -> Bool {
        variables.faults[name] != nil || !(variables.texts[name] ?? "").isEmpty
    }

    /// A setting's given value, as text.
    ///
    /// - Parameter setting: of any kind.
    /// - Returns: nil if it is not given or cannot be read.
    package mutating func given(_ setting: Setting) -> String? {
        settingsRead.insert(setting)
        for name in [setting.name, setting.fileName] {
            guard let byte = variables.faults[name] else { continue }
            report(setting, name, Self.notUTF8(byte))
            return nil
        }
        let direct = variables.texts[setting.name].flatMap { $0.isEmpty ? nil : $0 }
        guard let path = variables.texts[setting.fileName], !path.isEmpty else { return direct }
        guard direct == nil else {
            report(setting, "is set together with \(setting.fileName); keep one of them")
            return direct
        }
        guard var content = readFile(path) else {
            report(
                setting, setting.fileName, "the file \(path) cannot be read as UTF-8 text")
            return nil
        }
        while content.last?.isNewline == true { content.removeLast() }
        if content.isEmpty { report(setting, setting.fileName, "the file \(path) is empty") }
        return content.isEmpty ? nil : content
    }
}
