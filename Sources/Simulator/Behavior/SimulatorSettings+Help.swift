extension SimulatorSettings {
    /// Every setting with its meaning, the most used first.
    private static let meanings: [(name: String, meaning: String)] = [
        ("behavior", "what messages meet whose recipients ask for nothing"),
        ("answer_delay_ms", "before every answer"),
        ("report_delay_ms", "between a message's stages: accepted, sent, done"),
        ("fail_next", "so many of the next sending requests meet fail_with"),
        ("fail_with", "the behaviour whose answer they get"),
        ("loss", "the share of reports that are never sent, 0 to 1"),
        ("duplicate", "the share of reports that are sent twice, 0 to 1"),
        ("reorder", "every message's final report before the others"),
        ("burst", "all reports held back, and sent together every burst_ms"),
        ("burst_ms", "of burst, the setting and the behaviour"),
        ("timeout_ms", "of timeout_after and timeout_before"),
        ("slow_ms", "of slow"),
        ("late_ms", "of late"),
        ("validity_scale", "factor of validity periods; see stuck"),
        ("retry_scale", "factor of the waits between a callback's attempts"),
        ("callback_batch", "the most reports in one callback of Infobip's"),
        ("callback_concurrency", "the most callbacks under way at once"),
        ("infobip_logs_per_minute", "status queries to its logs until 429; 0 for any number"),
        ("plivo_requests_per_5s", "requests until 429; 0 for any number"),
    ]

    /// The settings as text, one a line: name, value at the start, meaning.
    ///
    /// - Parameter prefix: before each name, such as `--`; with it, words are separated by `-`.
    /// - Returns: lines in columns.
    package static func tableText(prefix: String) -> String {
        let settings = SimulatorSettings()
        let rows = meanings.map { name, meaning in
            (
                name: prefix + (prefix.isEmpty ? name : name.replacing("_", with: "-")),
                value: settings.text(of: name), meaning: meaning
            )
        }
        func padded(_ text: String, _ texts: [String]) -> String {
            let width = texts.map(\.count).max() ?? 0
            return text + String(repeating: " ", count: width - text.count)
        }
        return rows.map { row in
            padded(row.name, rows.map(\.name)) + "  " + padded(row.value, rows.map(\.value)) + "  "
                + row.meaning
        }
        .joined(separator: "\n")
    }
}
