package import Domain

/// What Plivo's error codes mean. Sources: see `PlivoErrorCode`, which has their names.
package struct PlivoErrors: ErrorDictionary {
    package init() {}

    package func meaning(of outcome: Outcome) -> ErrorMeaning? {
        outcome.errorCode.flatMap { Self.table[$0] }
    }

    static let table: [String: ErrorMeaning] = [
        "10": ErrorMeaning(
            "The operator refused the message as one that is not valid.",
            .afterChange, "Check text, sender and number; try a shorter text in plain letters."),
        "20": ErrorMeaning(
            "Something in the operator's network failed on the way to the phone.",
            .later, "Such failures pass by themselves."),
        "30": ErrorMeaning(
            "The operator took the message for spam.",
            .afterChange, "Change the text, register the sender, and send less at once."),
        "40": ErrorMeaning(
            "The sender's number is wrong, or may not send SMS to this destination.",
            .afterChange, "Use a number of the account that can send SMS there."),
        "50": ErrorMeaning(
            "The number is wrong, or takes no SMS, as a landline does.",
            .afterChange, "Correct the number; if it is right, take it off the list."),
        "60": ErrorMeaning(
            "Too many messages went back and forth between these two numbers.",
            .afterChange, "Two machines answer each other; stop one of them."),
        "70": ErrorMeaning(
            "The phone cannot be reached any more: the number is no longer in use, or is barred.",
            .no, "Take the number off the list."),
        "80": ErrorMeaning(
            "The phone could not be reached: it is off, or out of coverage.",
            .later, "Most such phones come back within hours."),
        "90": ErrorMeaning(
            "Plivo has no route to this number's operator.",
            .no, "Ask Plivo whether it covers the operator, or send through another provider."),
        "100": ErrorMeaning(
            "The operator does not allow this sender or this kind of message.",
            .afterChange, "Register the sender and its campaign for the country."),
        "110": ErrorMeaning(
            "The text is too long.",
            .afterChange, "Make it shorter: 1600 characters, or 737 outside of GSM 7-bit."),
        "120": ErrorMeaning(
            "The attachment is too large.",
            .afterChange, "Only MMS have attachments; send a smaller one."),
        "130": ErrorMeaning(
            "The attachment is of a kind that is not supported.",
            .afterChange, "Only MMS have attachments; send another kind."),
        "140": ErrorMeaning(
            "The attachment could not be processed.",
            .later, "Only MMS have attachments; if it stays, send another one."),
        "200": ErrorMeaning(
            "The recipient wrote STOP to this sender: they have opted out.",
            .no, "Do not write to them again until they opt in."),
        "201": ErrorMeaning(
            "A toll-free sender may not write to Canada.",
            .afterChange, "Use a Canadian number or a short code as the sender."),
        "300": ErrorMeaning(
            "Plivo could not hand the message to the operator.",
            .later, "Mostly a failure that passes; if it stays, ask Plivo."),
        "420": ErrorMeaning(
            "The message waited at Plivo until its validity ran out.",
            .later, "More was sent than the account's rate allows; send more slowly."),
        "450": ErrorMeaning(
            "The account may not send to this country.",
            .afterChange, "Enable the country in Plivo's console, under geo permissions."),
        "451": ErrorMeaning(
            "Plivo's hourly limit against fraud in this country was reached.",
            .later, "Wait an hour, or raise the limit in Plivo's console if the traffic is genuine."
        ),
        "900": ErrorMeaning(
            "The account has no credit.",
            .afterChange, "Top the account up, and send again."),
        "910": ErrorMeaning(
            "The account is disabled.",
            .afterChange, "Ask Plivo why, and send again when it is enabled."),
        "1000": ErrorMeaning(
            "The operator gave no reason that Plivo knows.",
            .unsure, "Try once; if it stays, ask Plivo with the message's UUID."),
    ]
}
