import Settings
import Testing

@Suite("The table of settings")
struct SettingTableTests {
    private static let first = Setting.Group("First", "What holds for all of these.")
    private static let second = Setting.Group("Second")
    private static let table = SettingTable([
        Setting(
            "A_NUMBER", .integer(default: 20_000, in: 1...1_000_000), in: first,
            readBy: [.dispatch, .serve], "A number."),
        Setting("A_FLAG", .flag(default: true), in: second, readBy: [.serve], "A switch."),
        Setting(
            "A_SECRET", whenUnset: "off", isSecret: true, isList: true, example: "one,two",
            in: first, readBy: [.probe],
            "A secret, about which so much is to be said that one line cannot hold all of it at once."
        ),
        Setting(
            "A_WORD", .choice(default: "x", of: ["x", "y", "z"]), in: second, readBy: [.serve],
            "A word."),
        Setting("A_RATE", .rate(default: nil), in: second, readBy: [.serve], "A rate."),
    ])

    @Test("Markdown has a table for each heading, with defaults, readers, bounds and words")
    func markdown() {
        #expect(
            Self.table.markdown == """
                ### First

                What holds for all of these.

                | setting | default | read by | meaning |
                |---|---|---|---|
                | `A_NUMBER` | 20000 | serve, dispatch | A number. Takes 1 to 1,000,000. |
                | `A_SECRET` | off | probe | A secret, about which so much is to be said that one line cannot hold all of it at once. A list of secrets. |

                ### Second

                | setting | default | read by | meaning |
                |---|---|---|---|
                | `A_FLAG` | `true` | serve | A switch. Takes `true` or `false`. |
                | `A_WORD` | `x` | serve | A word. Takes `x`, `y` or `z`. |
                | `A_RATE` | `none` | serve | A rate. Takes 0.01 to 100,000, or `none`. |

                """)
    }

    @Test("The example for the environment has every setting in a comment")
    func environmentExample() {
        let example = Self.table.environmentExample
        #expect(
            example.hasSuffix(
                """

                # --- First ----------------------------------------------------------------------------------------
                # What holds for all of these.
                #
                # A number. Takes 1 to 1,000,000. Read by serve, dispatch.
                #A_NUMBER=20000
                # A secret, about which so much is to be said that one line cannot hold all of it at once. A list of
                # secrets. Read by probe.
                #A_SECRET=one,two

                # --- Second ---------------------------------------------------------------------------------------
                # A switch. Takes `true` or `false`. Read by serve.
                #A_FLAG=true
                # A word. Takes `x`, `y` or `z`. Read by serve.
                #A_WORD=x
                # A rate. Takes 0.01 to 100,000, or `none`. Read by serve.
                #A_RATE=none

                """), "\(example)")
        #expect(example.split(separator: "\n").allSatisfy { $0.hasPrefix("#") && $0.count <= 100 })
    }

    @Test("The help of a command has what the command reads, and no more")
    func help() {
        #expect(
            Self.table.help(for: [.serve]) == """
                  A_NUMBER  A number. Takes 1 to 1,000,000. Default: 20000.
                  A_FLAG    A switch. Takes true or false. Default: true.
                  A_WORD    A word. Takes x, y or z. Default: x.
                  A_RATE    A rate. Takes 0.01 to 100,000, or none. Default: none.
                """)
        #expect(
            Self.table.help(for: [.probe]) == """
                  A_SECRET  A secret, about which so much is to be said that one line cannot hold all of it at once.
                            A list of secrets. Default: off.
                """)
        #expect(Self.table.help(for: [.key]).isEmpty)
    }

    @Test("An entry is found by its name, and its readers are in their order")
    func entries() {
        #expect(Self.table["A_NUMBER"]?.readers == [.serve, .dispatch])
        #expect(Self.table["A_NUMBER"]?.fileName == "A_NUMBER_FILE")
        #expect(Self.table["ANOTHER"] == nil)
        #expect(Self.table.groups.map(\.group.heading) == ["First", "Second"])
    }
}
