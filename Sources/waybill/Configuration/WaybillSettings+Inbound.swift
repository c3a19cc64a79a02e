import Domain
import Settings

extension WaybillSettings {
    private static let inboundGroup = Setting.Group(
        "Messages from people",
        """
        Lists of words are `LANGUAGE: WORD, WORD; LANGUAGE: …`, and `none` for an empty one. A word \
        counts if it is the whole message: blanks around it, the case, and one full stop or \
        exclamation mark at its end mean nothing.
        """)

    static let inbound = [
        optOutWords, optInWords, helpWords, optOutScope, optOutConfirmation, helpAnswer,
        inboundRetentionDays,
    ]

    /// The English words are those of US carriers and the FCC; the French ones of Canada's.
    static let optOutWords = Setting(
        "WAYBILL_OPT_OUT_WORDS",
        .text(
            default: "en: stop, stopall, stop all, end, quit, cancel, unsubscribe, unsub, revoke,"
                + " optout, opt out, opt-out; fr: arret, arrêt, stopper; de: stopp, abmelden;"
                + " es: alto, baja, parar; it: ferma, annulla; nl: afmelden; pt: sair"),
        in: inboundGroup, readBy: Set<Setting.Reader>.receiving.union([.dispatch]),
        "The words by which people stop messages.")

    static let optInWords = Setting(
        "WAYBILL_OPT_IN_WORDS",
        .text(
            default: "en: start, unstop, yes, resume, go, optin, opt in, opt-in; fr: reprendre;"
                + " de: anmelden; es: alta; nl: aanmelden"),
        in: inboundGroup, readBy: Set<Setting.Reader>.receiving.union([.dispatch]),
        "The words by which they ask for them again; an operator's block stays.")

    static let helpWords = Setting(
        "WAYBILL_HELP_WORDS",
        .text(default: "en: help, info; fr: aide; de: hilfe; es: ayuda; it: aiuto; pt: ajuda"),
        in: inboundGroup, readBy: Set<Setting.Reader>.receiving.union([.dispatch]),
        "The words by which they ask for help.")

    static let optOutScope = Setting(
        "WAYBILL_OPT_OUT_SCOPE", .choice(of: OptOutRules.Scope.self, default: .all),
        in: inboundGroup, readBy: Set<Setting.Reader>.receiving.union([.dispatch]),
        """
        `all`: who stops one of our senders stops all of them. `sender`: only the one that they \
        wrote to, or whose message was refused, for several businesses in one installation.
        """)

    static let optOutConfirmation = Setting(
        "WAYBILL_OPT_OUT_CONFIRMATION", whenUnset: "off",
        example: "You get no more messages from us. START brings them back.", in: inboundGroup,
        readBy: [.serve],
        """
        The text that is sent once to whoever stops messages, within five minutes. Providers confirm \
        by themselves in some countries; then it must be off.
        """)

    static let helpAnswer = Setting(
        "WAYBILL_HELP_ANSWER", whenUnset: "off",
        example: "Shop: 1 or 2 messages a week. STOP ends them. shop.example.com/help",
        in: inboundGroup, readBy: [.serve],
        "The text that is sent to whoever asks for help, although they have opted out.")

    static let inboundRetentionDays = Setting(
        "WAYBILL_INBOUND_RETENTION_DAYS", .integer(default: 400, in: 3...3650), in: inboundGroup,
        readBy: [.serve, .retain],
        "How many days messages from people are kept. Opt-outs stay for good.")
}

extension Environment {
    /// What makes entries of the opt-outs.
    mutating func optOutRules(of kits: ProviderKits = .all) -> OptOutRules {
        var words = OptOutWords()
        for (setting, meaning) in [
            (WaybillSettings.optOutWords, OptOutWords.Meaning.out),
            (WaybillSettings.optInWords, .in), (WaybillSettings.helpWords, .help),
        ] {
            guard let text = text(setting), text != "none" else { continue }
            if !words.add(meaning, text) {
                report(
                    setting,
                    "is not of the form LANGUAGE: WORD, WORD; …, has a word of more than 64 bytes,"
                        + " or has one that another list gives another meaning")
            }
        }
        return OptOutRules(
            words: words, scope: choice(WaybillSettings.optOutScope), providers: kits.traits)
    }
}
