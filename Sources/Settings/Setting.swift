/// One setting: its entry in the table of all settings. It can only be read through the entry.
///
/// The reading code takes its default and its bounds from here, and so do `waybill check`, each
/// command's `--help`, `.env.example` and the documentation. To add one, declare an entry beside
/// the others of its group, add it to the list there, and read it with the function of its kind.
package struct Setting: Sendable, Hashable {
    /// The variable; `NAME_FILE` names a file that holds the value instead.
    package let name: String
    /// The values it takes, and its default.
    package let kind: Kind
    /// What it means that a setting without a default is absent, in a few words; nil if it has one.
    package let whenUnset: String?
    /// Whether no part of its value may be shown.
    package let isSecret: Bool
    /// Whether it takes several values.
    package let isList: Bool
    /// A value that shows the form, where the default does not.
    package let example: String?
    /// The heading under which it is listed.
    package let group: Group
    /// The commands that read it, in the order of `Reader`.
    package let readers: [Reader]
    /// What it is for, in one or two sentences of Markdown without links. Bounds, words, and
    /// whether it is a list or a secret are added from the other fields.
    package let meaning: String

    /// - Parameters:
    ///   - name: capitals, digits and `_`.
    ///   - kind: what it takes.
    ///   - whenUnset: must be given if and only if `kind` has no default.
    ///   - isSecret: whether no part of its value may be shown.
    ///   - isList: whether it takes several values.
    ///   - example: shown in `.env.example`; the default unless given.
    ///   - group: the heading under which it is listed.
    ///   - readers: the commands that read it, at least one; `check` checks what `serve` and
    ///     `dispatch` read.
    ///   - meaning: full sentences.
    package init(
        _ name: String, _ kind: Kind = .text(), whenUnset: String? = nil, isSecret: Bool = false,
        isList: Bool = false, example: String? = nil, in group: Group, readBy readers: Set<Reader>,
        _ meaning: String
    ) {
        self.name = name
        self.kind = kind
        self.whenUnset = whenUnset
        self.isSecret = isSecret
        self.isList = isList
        self.example = example
        self.group = group
        self.readers = Reader.allCases.filter(readers.contains)
        self.meaning = meaning
    }

    /// The variable that names a file with the value.
    package var fileName: String { name + "_FILE" }

    package static func == (first: Setting, second: Setting) -> Bool { first.name == second.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Setting {
    /// A heading of the list of settings.
    package struct Group: Sendable, Hashable {
        /// A few words, such as `The database`.
        package let heading: String
        /// What holds for all settings under the heading: sentences of Markdown; may be empty.
        package let note: String

        /// - Parameters:
        ///   - heading: a few words.
        ///   - note: sentences, or nothing.
        package init(_ heading: String, _ note: String = "") {
            self.heading = heading
            self.note = note
        }
    }

    /// The commands that read settings, by their names on the command line.
    package enum Reader: String, Sendable, CaseIterable {
        case serve, dispatch, deliver, migrate, key, user, webhook, send, message
        case optOut = "opt-out"
        case deadLetters = "dead-letters"
        case quarantine, replay, rebuild, verify, retain, erase, probe, simulate
    }

    /// The values that a setting takes, and its default.
    package enum Kind: Sendable, Hashable {
        /// Any text; its reader may demand more.
        case text(default: String? = nil)
        /// A whole number within bounds.
        case integer(default: Int, in: ClosedRange<Int>)
        /// `true` or `false`.
        case flag(default: Bool)
        /// One of some words, in any letter case; `synonyms` are other words for them.
        case choice(default: String?, of: [String], synonyms: [String: String] = [:])
        /// Messages a second; nil and `none` for no limit.
        case rate(default: Double?)
        /// Whole numbers of seconds within bounds.
        case seconds(in: ClosedRange<Int>)
        /// An address of the form `https://host[:port]`.
        case address(default: String? = nil)
    }

    /// The default as a user would write it; nil if there is none.
    package var defaultText: String? {
        switch kind {
        case .text(let text), .choice(let text, _, _), .address(let text): text
        case .integer(let number, _): String(number)
        case .flag(let isOn): isOn ? "true" : "false"
        case .rate(let rate): rate.map(Self.text(of:)) ?? "none"
        case .seconds: nil
        }
    }

    /// `50`, not `50.0`.
    private static func text(of rate: Double) -> String {
        Int(exactly: rate).map { String($0) } ?? String(rate)
    }
}

extension Setting {
    /// The public addresses, which both Waybill and the providers' kits read.
    package static let publicAddresses = Setting(
        "APP_BASE_URL", .address(), whenUnset: "none", isList: true,
        example: "https://sms.example.com", in: Group("The public address"),
        readBy: .receiving.union([.dispatch, .user, .probe]),
        """
        The address that the providers call, `https://host[:port]`, without the callback's path, a \
        user, a password or a query. Needed to send through a provider that is told with each message \
        where to report, and to receive from one that signs the address that it calls. The first one \
        is told to the providers, and is what the links to new accounts begin with.
        """)
}

extension Set<Setting.Reader> {
    /// The commands that authenticate or read callbacks.
    package static var receiving: Self { [.serve, .quarantine, .replay, .verify] }
}
