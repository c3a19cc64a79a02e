/// What is wrong with a setting, and how to correct it.
package struct SettingProblem: Sendable, Hashable, CustomStringConvertible {
    /// The setting's name.
    package let setting: String
    /// What the user wrote: the setting, its `NAME_FILE`, or an option of the command line.
    package let subject: String
    /// What is wrong with it, as the sentence after the subject. It holds no secret.
    package let text: String

    /// - Parameters:
    ///   - setting: the setting's name.
    ///   - subject: what the user wrote; the setting itself unless given.
    ///   - text: without a secret.
    package init(_ setting: String, subject: String? = nil, _ text: String) {
        self.setting = setting
        self.subject = subject ?? setting
        self.text = text
    }

    package var description: String { "\(subject): \(text)" }
}

/// Every problem of the configuration, one a line.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let problems: [SettingProblem]

    /// - Parameter problems: at least one.
    package init(problems: [SettingProblem]) {
        self.problems = problems
    }

    package var description: String {
        (["the configuration has \(problems.count) problem(s):"] + problems.map { "  \($0)" })
            .joined(separator: "\n")
    }
}
