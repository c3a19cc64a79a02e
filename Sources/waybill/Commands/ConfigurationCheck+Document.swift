import Domain
import JSON
import Settings

extension ConfigurationCheck {
    /// The JSON document of `waybill check --json`.
    ///
    /// Each setting has a line of its own, in the order of the table. A secret is shown without its
    /// value, and so is a setting with a problem, because its value may be a misplaced secret.
    ///
    /// - Parameter database: the result of connecting; nil if it was not tried.
    /// - Returns: JSON of several lines, the last one without a break.
    func document(database: DatabaseState?) -> String {
        var writer = JSONWriter(indent: 2)
        writer.object { writer in
            writer.array("services") { writer in
                write(.serve, providers: (try? serving?.get())?.providers, to: &writer)
                write(.dispatch, providers: (try? sending?.get())?.providers, to: &writer)
            }
            writer.key("database")
            guard let database else { return writer.null() }
            writer.object { writer in
                writer.member("usable", database.problem == nil)
                writer.member("migration", database.migration)
                writer.member("problem", database.problem)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(
        _ service: Setting.Reader, providers: [String]?, to writer: inout JSONWriter
    ) {
        let isChecked = service == .serve ? serving != nil : sending != nil
        let problems = problems(of: service)
        writer.object { writer in
            writer.member("service", service.rawValue)
            writer.member("checked", isChecked)
            writer.key("providers")
            if let providers {
                writer.array { writer in providers.forEach { writer.string($0) } }
            } else {
                writer.null()
            }
            writer.array("settings") { writer in
                for setting in WaybillSettings.table(of: kits).settings(readBy: service) {
                    let isSound = !problems.contains { $0.setting == setting.name }
                    writer.raw(line(setting, isSound: isSound))
                }
            }
            writer.array("problems") { writer in
                for problem in problems { writer.raw(Self.line(problem)) }
            }
        }
    }

    private func line(_ setting: Setting, isSound: Bool) -> [UInt8] {
        let origin = environment.origin(of: setting)
        var source = environment
        let value =
            setting.isSecret || !isSound
            ? nil : origin == nil ? setting.defaultText : source.given(setting)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("name", setting.name)
            writer.member("set", origin != nil)
            writer.member("source", origin?.rawValue ?? "default")
            writer.member("secret", setting.isSecret)
            writer.member("value", value)
        }
        return writer.bytes
    }

    private static func line(_ problem: SettingProblem) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("setting", problem.setting)
            writer.member("subject", problem.subject)
            writer.member("problem", problem.text)
        }
        return writer.bytes
    }
}
