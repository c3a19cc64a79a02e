/// All settings, in the order in which they are listed.
///
/// `waybill check`, each command's `--help`, `.env.example` and the documentation list what is here
/// and nothing else; see `SettingTable+Documents.swift`.
package struct SettingTable: Sendable {
    package let settings: [Setting]

    /// - Parameter settings: each name once.
    package init(_ settings: [Setting]) {
        precondition(
            Set(settings.map(\.name)).count == settings.count, "a setting stands twice in the table"
        )
        self.settings = settings
    }

    /// The entry of a name; nil if there is none.
    package subscript(name: String) -> Setting? { settings.first { $0.name == name } }

    /// What one of some commands reads, in order.
    package func settings(readByAnyOf readers: [Setting.Reader]) -> [Setting] {
        settings.filter { !Set($0.readers).isDisjoint(with: readers) }
    }

    /// What a command reads, in order.
    package func settings(readBy reader: Setting.Reader) -> [Setting] {
        settings.filter { $0.readers.contains(reader) }
    }

    /// The settings under their headings; a heading comes where its first setting does.
    package var groups: [(group: Setting.Group, settings: [Setting])] {
        var groups: [(group: Setting.Group, settings: [Setting])] = []
        for setting in settings {
            if let index = groups.firstIndex(where: { $0.group == setting.group }) {
                groups[index].settings.append(setting)
            } else {
                groups.append((setting.group, [setting]))
            }
        }
        return groups
    }
}
