import Settings

/// `waybill settings`: the list of all settings.
enum SettingsCommand {
    static let help = """
        usage: waybill settings [--env-example|--markdown]

        Lists all settings with their meanings and defaults. What is set, and what is wrong with it,
        is told by `waybill check`.

          --env-example  as a file to copy, with every setting in a comment: the text of .env.example
          --markdown     as the tables of the documentation
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, flags: ["env-example", "markdown"])
        let table = WaybillSettings.table
        switch (arguments.has("env-example"), arguments.has("markdown")) {
        case (true, true):
            throw CommandFailure(.usage, "--env-example and --markdown exclude each other")
        case (true, false): Output.text(table.environmentExample)
        case (false, true): Output.text(table.markdown)
        case (false, false): Output.line(table.help())
        }
        return 0
    }
}
