extension SettingTable {
    private static let width = 100

    /// The tables of the documentation, one for each heading.
    package var markdown: String {
        groups.map { group, settings in
            let rows = settings.map { setting in
                "| `\(setting.name)` | \(setting.shownDefault) | \(setting.shownReaders) |"
                    + " \(setting.fullMeaning) |"
            }
            let head = ["### \(group.heading)", ""] + (group.note.isEmpty ? [] : [group.note, ""])
            let table = ["| setting | default | read by | meaning |", "|---|---|---|---|"] + rows
            return (head + table).joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// The text of `.env.example`: every setting as a comment, with its default or an example.
    package var environmentExample: String {
        let head = """
            Waybill's settings. Every NAME may be given as NAME_FILE instead: the path of a file \
            that holds the value (systemd credentials, Docker secrets). Lists are separated by \
            commas or line breaks; a comma that belongs to a value is written \\, . `waybill check` \
            lists what is wrong. This file is for you to copy: Waybill reads the environment, not \
            a file named .env. It is printed by `waybill settings --env-example`.
            """
        var lines = Self.comment(head)
        for (group, settings) in groups {
            let heading = "# --- \(group.heading) "
            let rule = String(repeating: "-", count: max(3, Self.width - heading.count))
            lines += ["", heading + rule]
            if !group.note.isEmpty { lines += Self.comment(group.note) + ["#"] }
            for setting in settings {
                lines += Self.comment("\(setting.fullMeaning) Read by \(setting.shownReaders).")
                lines.append("#\(setting.name)=\(setting.example ?? setting.defaultText ?? "")")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A list for a terminal: each setting with what it is for, and its default.
    ///
    /// - Parameter readers: the commands whose settings are listed; all of them unless given.
    /// - Returns: lines, the last one without a break; nothing if the commands read no setting.
    package func help(for readers: [Setting.Reader] = Setting.Reader.allCases) -> String {
        let listed = settings(readByAnyOf: readers)
        let column = (listed.map(\.name.count).max() ?? 0) + 4
        let lines = listed.flatMap { setting in
            let text = "\(setting.fullMeaning) Default: \(setting.shownDefault)."
            return Self.wrapped(text.replacing("`", with: ""), width: Self.width - column)
                .enumerated().map { index, line in
                    let name = index == 0 ? "  " + setting.name : ""
                    return name + String(repeating: " ", count: column - name.count) + line
                }
        }
        return lines.joined(separator: "\n")
    }

    private static func comment(_ text: String) -> [String] {
        wrapped(text, width: width - 2).map { "# " + $0 }
    }

    /// A text in lines of at most so many characters, unless one word is longer.
    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension Setting {
    /// The default, or what it means that the setting is absent: Markdown.
    package var shownDefault: String {
        guard let text = defaultText else { return whenUnset ?? "none" }
        if case .integer = kind { return text }
        return "`\(text)`"
    }

    /// `serve, probe`.
    package var shownReaders: String { readers.map(\.rawValue).joined(separator: ", ") }

    /// The meaning, and what the other fields add: bounds, words, secret, list.
    package var fullMeaning: String {
        let form = isSecret ? (isList ? "A list of secrets." : "Secret.") : isList ? "A list." : ""
        return [meaning, bounds, form].filter { !$0.isEmpty }.joined(separator: " ")
    }

    private var bounds: String {
        switch kind {
        case .text, .address: ""
        case .integer(_, let bounds), .seconds(let bounds):
            "Takes \(Self.grouped(bounds.lowerBound)) to \(Self.grouped(bounds.upperBound))."
        case .flag: "Takes `true` or `false`."
        case .choice(_, let words, _): "Takes " + Self.alternatives(words.map { "`\($0)`" }) + "."
        case .rate: "Takes 0.01 to 100,000, or `none`."
        }
    }

    /// `a, b or c`.
    private static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.joined() }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }

    /// `20,000`.
    private static func grouped(_ number: Int) -> String {
        var digits = String(number)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }
}
