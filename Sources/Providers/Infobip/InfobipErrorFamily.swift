import Domain

/// Errors of one cause, with the codes that Infobip has for it.
struct InfobipErrorFamily {
    let meaning: ErrorMeaning
    /// Infobip's `error.id`.
    let errors: [Int]
    /// Infobip's `status.id`, where a status comes without an error.
    let statuses: [Int]

    init(
        _ meaning: String, _ retry: ErrorMeaning.Retry, _ advice: String,
        errors: [Int] = [], statuses: [Int] = []
    ) {
        self.meaning = ErrorMeaning(meaning, retry, advice)
        self.errors = errors
        self.statuses = statuses
    }

    /// Source: Infobip's page "Response status and error codes", all 146 general codes and 34
    /// statuses, with the codes of India's registry that are named there. What they mean is told in
    /// our words, and whether trying again helps is our reading; where Infobip itself says that an
    /// error is permanent, the report holds that as well.
    static let all = handset + network + recipient + account + content + limits + statuses

    private static let handset = [
        Self(
            "The number belongs to no subscriber: it is wrong, or is no longer in use.",
            .no, "Check the number, and take it off the list if it is right.",
            errors: [1, 5, 9, 569, 3041]),
        Self(
            "The phone could not be reached: it is off, or out of coverage.",
            .later, "Most such phones come back within hours.",
            errors: [2, 6, 27, 502]),
        Self(
            "The phone's memory for messages is full, or too many messages wait for it.",
            .later, "It takes messages again once its owner has made room.",
            errors: [33, 256]),
        Self(
            "The phone was busy with another message or a call.",
            .later, "A few minutes are mostly enough.",
            errors: [31]),
        Self(
            "The phone is unknown to its operator, is barred, or takes no SMS.",
            .no, "This device cannot get SMS; reach its owner another way.",
            errors: [7, 11, 12, 21, 257, 258, 568, 629]),
        Self(
            "The subscriber is abroad, in a network that does not deliver SMS to them.",
            .later, "It works again when they are back, or in another network.",
            errors: [8]),
        Self(
            "The operator bars messages to this subscriber, at their own wish or for an unpaid bill.",
            .later, "Bars are lifted by the subscriber or the operator; do not count on it soon.",
            errors: [10, 13, 15, 20]),
        Self(
            "The handset or the operator did not take the message, and gave no closer reason.",
            .later, "Try once or twice; if it stays, the number is mostly the cause.",
            errors: [32, 34, 255, 260, 628, 810]),
        Self(
            "The operator refused the message as one that it cannot read or does not expect.",
            .afterChange, "Try a shorter text in plain letters, and another sender.",
            errors: [35, 36, 71, 259, 261, 262, 323, 507, 508, 4096]),
    ]

    private static let network = [
        Self(
            "Something in the operator's network failed on the way to the phone.",
            .later, "Such failures pass by themselves, mostly within minutes.",
            errors: [
                24, 51, 500, 501, 503, 504, 509, 630, 631, 1024, 1025, 1026, 1027, 1028, 1029, 1030,
                1031, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164,
                1165, 1166, 1281, 1282, 1283, 1284, 1536, 1537, 1538, 1539, 1540, 1541, 1792, 1793,
                1794, 1795, 1796, 2048, 2051, 4097,
            ]),
        Self(
            "The message could not be handed to the operator.",
            .later, "Mostly a failure that passes; if it stays, ask Infobip about the route.",
            errors: [4102, 815]),
        Self(
            "The operator that the number belongs to is not known, or cannot be reached.",
            .no, "Check the number; ask Infobip whether it covers this operator.",
            errors: [345, 633]),
        Self(
            "The message's validity ran out before the phone could be reached.",
            .later,
            "The phone was off for long. Send again if the text still matters, with a longer"
                + " validity.",
            errors: [811, 4098, 4101]),
    ]

    private static let recipient = [
        Self(
            "The recipient told the operator or this sender to stop: they have opted out.",
            .no, "Do not write to them again until they opt in.",
            errors: [565, 573, 603, 604]),
        Self(
            "The number is on a list of those that must not get such messages.",
            .no, "A do-not-disturb register or a block list has it; leave it out.",
            errors: [560, 566, 2049, 2050, 2052]),
        Self(
            "The number is not a valid recipient of SMS.",
            .afterChange, "Correct the number: country code first, and no national 0.",
            errors: [351, 352]),
        Self(
            "The recipient's prepaid credit does not cover a message that they pay for.",
            .later, "It works once they have topped up.",
            errors: [581]),
    ]

    private static let account = [
        Self(
            "The sender is not valid or not allowed for this country or operator.",
            .afterChange, "Use a sender that is registered there, or have this one registered.",
            errors: [368, 375, 488, 2053]),
        Self(
            "The campaign of the sender (10DLC) is not registered, or is not the one of this sender.",
            .afterChange, "Register the campaign, or use the sender that belongs to it.",
            errors: [571, 572, 594]),
        Self(
            "The short code of the sender is not set up with this operator, has ended or is blocked.",
            .afterChange, "Ask Infobip to set it up, or use another sender.",
            errors: [562, 563, 564, 574]),
        Self(
            "The account is not set up for such messages.",
            .afterChange, "Ask Infobip to set it up for this channel and destination.",
            errors: [433, 592, 597, 598, 601]),
        Self(
            "The account is in demo mode, which allows few messages to few numbers.",
            .afterChange, "Upgrade the account, or send to its registered numbers only.",
            errors: [577, 578, 579, 580]),
        Self(
            "India's registry (DLT) knows no such sender, template or entity, or its check failed.",
            .afterChange, "Register sender and template there, and send their ids along.",
            errors: Array(4106...4160)),
    ]

    private static let content = [
        Self(
            "The text is too long.",
            .afterChange, "Make it shorter: 25 parts or 4000 bytes at most.",
            errors: [355]),
        Self(
            "The operator took the text for spam, or does not allow its content.",
            .afterChange, "Change the text: no shortened links, and say who writes.",
            errors: [561, 607, 632]),
        Self(
            "The same message was sent to this number shortly before.",
            .no, "It was suppressed as a repetition; the first one counts.",
            errors: [5492]),
    ]

    private static let limits = [
        Self(
            "A limit on messages of the sender or the account was reached.",
            .later, "Send more slowly, or after the limit's hour, day or month has passed.",
            errors: [541, 542, 4099, 4202]),
        Self(
            "Too many messages, or the same text too often, went to this number in an hour.",
            .later, "Wait an hour: six equal or twenty different messages are the usual limit.",
            errors: [4103, 4104]),
        Self(
            "Infobip's protection against fraud stopped the message.",
            .afterChange, "Ask Infobip if the traffic is genuine; it can be let through.",
            errors: [608, 609]),
        Self(
            "The message was cancelled before it was sent.",
            .unsure, "Somebody with access to the account cancelled it; ask them.",
            errors: [4100]),
    ]

    private static let statuses = [
        Self(
            "The operator refused the message.",
            .unsure, "The error beside it says why; without one, ask Infobip.",
            statuses: [4]),
        Self(
            "The message did not reach the phone.",
            .unsure, "Often the number is wrong or off for long; the error beside it may say more.",
            statuses: [9]),
        Self(
            "The message was never sent.",
            .later, "Mostly a failure that passes.",
            statuses: [31, 21, 100]),
        Self(
            "The message's validity ran out before the phone could be reached.",
            .later, "Send again if the text still matters, with a longer validity.",
            statuses: [15]),
        Self(
            "The operator never said what became of the message: it may have arrived.",
            .unsure, "Sending again may deliver it twice.",
            statuses: [29]),
        Self(
            "Infobip's protection against fraud stopped the message.",
            .afterChange, "Ask Infobip if the traffic is genuine; it can be let through.",
            statuses: [87]),
        Self(
            "There is no route to this network on the account.",
            .afterChange, "Ask Infobip to set the network up for the account.",
            statuses: [6, 19]),
        Self(
            "The number is not a valid recipient of SMS.",
            .afterChange, "Correct the number: country code first, and no national 0.",
            statuses: [8, 51, 52]),
        Self(
            "The number is on a do-not-disturb register.",
            .no, "Such numbers get no advertising; leave it out.",
            statuses: [10]),
        Self(
            "The number is on a list of recipients that are blocked.",
            .no, "They opted out, or the account blocks them; leave it out.",
            statuses: [14]),
        Self(
            "The sender is not allowed.",
            .afterChange, "Use a sender that is registered, or have this one registered.",
            statuses: [11, 13]),
        Self(
            "The account has no credit, or its prepaid package has ended.",
            .afterChange, "Top the account up, and send again.",
            statuses: [12, 17]),
        Self(
            "The account is in demo mode and the number is not registered with it.",
            .afterChange, "Register the number, or upgrade the account.",
            statuses: [18]),
        Self(
            "Too many messages, or the same text too often, went to this number in an hour.",
            .later, "Wait an hour: six equal or twenty different messages are the usual limit.",
            statuses: [20]),
        Self(
            "A message with this id was sent before.",
            .no, "The first one counts; see what became of it.",
            statuses: [23]),
        Self(
            "The message has a header that is not valid.",
            .afterChange, "Only binary messages have one; correct it.",
            statuses: [24]),
        Self(
            "The text is too long.",
            .afterChange, "Make it shorter: 25 parts or 4000 bytes at most.",
            statuses: [25]),
        Self(
            "A status of voice calls, which no SMS has.",
            .unsure, "Ask Infobip why a message has it.",
            statuses: [96, 97, 98, 99]),
    ]
}
