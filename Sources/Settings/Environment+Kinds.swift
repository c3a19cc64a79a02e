private import Foundation

/// One function for each kind of setting. Each takes the default and the bounds from the entry; an
/// entry of another kind is a programming error.
extension Environment {
    /// A setting's text, or its default; nil if it is absent and has none.
    package mutating func text(_ setting: Setting) -> String? {
        guard case .text(let fallback) = setting.kind else { wrongKind(setting) }
        return given(setting) ?? fallback
    }

    /// A setting that must be there.
    ///
    /// - Parameters:
    ///   - setting: a text without a default.
    ///   - purpose: what to do if it is absent.
    /// - Returns: nil if it is absent or cannot be read, which is a problem.
    package mutating func required(_ setting: Setting, _ purpose: String) -> String? {
        let value = text(setting)
        if value == nil, !isGiven(setting) { report(setting, "is not set; \(purpose)") }
        return value
    }

    /// A text that must be of some form, or else its default.
    ///
    /// - Parameters:
    ///   - setting: a text.
    ///   - problem: what to say of a text of another form.
    ///   - parse: nil for a text of another form.
    /// - Returns: nil if it is absent or of another form, and has no default.
    package mutating func parsed<Value>(
        _ setting: Setting, orReport problem: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard case .text(let fallback) = setting.kind else { wrongKind(setting) }
        if let text = given(setting) {
            if let value = parse(text) { return value }
            report(setting, problem)
        }
        return fallback.flatMap(parse)
    }

    /// Several values: separated by commas or line breaks, `\,` for a comma that belongs to one.
    ///
    /// - Returns: the values without the blanks around them; none if it is absent.
    package mutating func list(_ setting: Setting) -> [String] {
        guard setting.isList else { wrongKind(setting) }
        guard let text = given(setting) else { return [] }
        let values = Self.separated(text)
        if values.isEmpty { report(setting, "holds no value, only separators") }
        return values
    }

    private static func separated(_ text: String) -> [String] {
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
        return values.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// Several secrets.
    ///
    /// A secret with an unescaped comma would become two, and the first could be a single letter;
    /// so a part that short is a problem. One secret alone may have any length.
    package mutating func secrets(_ setting: Setting) -> [String] {
        guard setting.isSecret else { wrongKind(setting) }
        let values = list(setting)
        if values.count > 1, let shortest = values.map(\.count).min(), shortest < 8 {
            report(
                setting,
                "has a part of \(shortest) characters, and each secret of a list takes at least 8;"
                    + " write \\, for a comma that belongs to the secret")
        }
        return values
    }

    /// A whole number within its bounds.
    package mutating func integer(_ setting: Setting) -> Int {
        guard case .integer(let fallback, let bounds) = setting.kind else { wrongKind(setting) }
        guard let text = given(setting) else { return fallback }
        guard let number = Int(text), bounds.contains(number) else {
            report(
                setting, "takes a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
            return fallback
        }
        return number
    }

    /// `true` or `false`.
    package mutating func flag(_ setting: Setting) -> Bool {
        guard case .flag(let fallback) = setting.kind else { wrongKind(setting) }
        switch given(setting)?.lowercased() {
        case nil: return fallback
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default:
            report(setting, "takes true or false")
            return fallback
        }
    }

    /// One of the setting's words, or its default; nil if it is absent or another word, and has no
    /// default.
    package mutating func word(_ setting: Setting) -> String? {
        guard case .choice(let fallback, let words, let synonyms) = setting.kind else {
            wrongKind(setting)
        }
        guard let text = given(setting)?.lowercased() else { return fallback }
        if let word = words.contains(text) ? text : synonyms[text] { return word }
        report(setting, "takes one of \(words.joined(separator: ", "))")
        return fallback
    }

    /// One of the setting's words as a value.
    ///
    /// - Parameter setting: a choice with a default, made with `Kind.choice(of:default:)`.
    /// - Returns: the value, or the default.
    package mutating func choice<Value: RawRepresentable<String>>(_ setting: Setting) -> Value {
        guard let value = word(setting).flatMap(Value.init(rawValue:)) else { wrongKind(setting) }
        return value
    }

    /// Messages a second; nil for no limit.
    package mutating func rate(_ setting: Setting) -> Double? {
        guard case .rate(let fallback) = setting.kind else { wrongKind(setting) }
        guard let text = given(setting) else { return fallback }
        if text.lowercased() == "none" { return nil }
        guard let number = Double(text), Setting.rateBounds.contains(number) else {
            report(setting, "takes messages a second, from 0.01 to 100000, or none")
            return fallback
        }
        return number
    }

    /// Several durations; none if the setting is absent.
    package mutating func durations(_ setting: Setting) -> [Duration] {
        guard case .seconds(let bounds) = setting.kind else { wrongKind(setting) }
        let values = list(setting).map { Int($0) }
        guard values.allSatisfy({ $0.map(bounds.contains) ?? false }) else {
            report(
                setting,
                "takes whole numbers of seconds from \(bounds.lowerBound) to \(bounds.upperBound)")
            return []
        }
        return values.compactMap { $0.map { .seconds($0) } }
    }

    /// The program reads a setting as another kind than its entry has.
    func wrongKind(_ setting: Setting) -> Never {
        preconditionFailure("\(setting.name) is read as another kind than its entry says")
    }
}

extension Setting {
    /// The bounds of a rate other than `none`.
    package static let rateBounds = 0.01...100_000.0
}

extension Setting.Kind {
    /// A choice among all values of a type.
    ///
    /// - Parameters:
    ///   - type: its raw values are the words.
    ///   - fallback: what it is unless set.
    ///   - synonyms: other words for the values.
    /// - Returns: the kind.
    package static func choice<Value: RawRepresentable<String> & CaseIterable>(
        of type: Value.Type, default fallback: Value, synonyms: [String: Value] = [:]
    ) -> Setting.Kind {
        .choice(
            default: fallback.rawValue, of: Value.allCases.map(\.rawValue),
            synonyms: synonyms.mapValues(\.rawValue))
    }
}
