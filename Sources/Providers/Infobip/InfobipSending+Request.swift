import Domain
import JSON

extension InfobipSending {
    /// Both versions cut a longer validity to 48 hours themselves.
    private static let validityLimit = 2880 * 60
    /// The most characters of `callbackData`, in the units that Java counts.
    private static let callbackDataLimit = 4000

    /// The body of `POST /sms/2/text/advanced`.
    func bodyV2(_ messages: [OutgoingMessage]) -> [UInt8] {
        JSONWriter.document(.withoutNUL) { body in
            body.array("messages") { list in
                for message in messages {
                    list.object { entry in
                        entry.member(
                            "from", ifAny: message.sender.map(PhoneNumberText.wire(sender:)))
                        destination(of: message, in: &entry)
                        entry.member("text", message.text)
                        entry.member(
                            "intermediateReport", ifTrue: settings.wantsIntermediateReports)
                        if let url = settings.callbackURL {
                            entry.member("notifyUrl", url)
                            entry.member("notifyContentType", "application/json")
                        }
                        entry.member("callbackData", ifAny: Self.callbackData(of: message))
                        entry.member(
                            "validityPeriod",
                            ifAny: Self.validity(of: message).map { max(1, $0 / 60) })
                    }
                }
            }
        }
    }

    /// The body of `POST /sms/3/messages`.
    func bodyV3(_ messages: [OutgoingMessage]) -> [UInt8] {
        JSONWriter.document(.withoutNUL) { body in
            body.array("messages") { list in
                for message in messages {
                    list.object { entry in
                        entry.member(
                            "sender", ifAny: message.sender.map(PhoneNumberText.wire(sender:)))
                        destination(of: message, in: &entry)
                        entry.object("content") { $0.member("text", message.text) }
                        if let seconds = Self.validity(of: message) {
                            let isWhole = seconds.isMultiple(of: 60)
                            entry.object("options") { options in
                                options.object("validityPeriod") { period in
                                    period.member("amount", isWhole ? seconds / 60 : seconds)
                                    period.member("timeUnit", isWhole ? "MINUTES" : "SECONDS")
                                }
                            }
                        }
                        webhooks(of: message, in: &entry)
                    }
                }
            }
        }
    }

    private func destination(of message: OutgoingMessage, in entry: inout JSONWriter) {
        entry.array("destinations") { destinations in
            destinations.object { destination in
                destination.member("to", message.recipient.digits)
                destination.member("messageId", message.id.description)
            }
        }
    }

    private func webhooks(of message: OutgoingMessage, in entry: inout JSONWriter) {
        let isIntermediate = settings.wantsIntermediateReports
        let callbackData = Self.callbackData(of: message)
        guard settings.callbackURL != nil || isIntermediate || callbackData != nil else { return }
        entry.object("webhooks") { webhooks in
            if settings.callbackURL != nil || isIntermediate {
                webhooks.object("delivery") { delivery in
                    delivery.member("url", ifAny: settings.callbackURL)
                    delivery.member("intermediateReport", ifTrue: isIntermediate)
                }
            }
            if settings.callbackURL != nil {
                webhooks.member("contentType", "application/json")
            }
            webhooks.member("callbackData", ifAny: callbackData)
        }
    }

    /// In seconds.
    private static func validity(of message: OutgoingMessage) -> Int? {
        message.validitySeconds.map { min(max($0, 1), validityLimit) }
    }

    /// Version 2 takes whole minutes, version 3 seconds.
    package var leastValiditySeconds: Int { settings.version == .v2 ? 60 : 1 }

    /// The message matters more than its callback data: too long data is cut instead of refused.
    private static func callbackData(of message: OutgoingMessage) -> String? {
        guard let data = message.callbackData, !data.isEmpty else { return nil }
        guard data.utf16.count > callbackDataLimit else { return data }
        var units = 0
        let kept = data.unicodeScalars.prefix { scalar in
            units += scalar.value > 0xFFFF ? 2 : 1
            return units <= callbackDataLimit
        }
        return String(String.UnicodeScalarView(kept))
    }
}
