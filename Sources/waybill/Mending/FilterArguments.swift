import Domain
import Providers

/// The values of options that several commands filter by.
enum FilterArguments {
    /// The provider that `--provider` names; nil if it is not given.
    static func provider(_ arguments: Arguments) throws(CommandFailure) -> Provider? {
        guard let name = arguments.value("provider") else { return nil }
        let known = ProviderKits.all.traits
        guard let provider = known.provider(named: name) else {
            throw CommandFailure(
                .usage, "there is no provider \"\(name)\"; known: \(known.names)")
        }
        return provider
    }

    /// A time with its zone; nil if the option is not given.
    static func time(_ name: String, _ arguments: Arguments) throws(CommandFailure) -> Timestamp? {
        guard let text = arguments.value(name) else { return nil }
        guard let time = try? Timestamp(rfc3339: text) else {
            throw CommandFailure(
                .usage, "--\(name) takes a time with its zone, as in 2026-11-20T15:30:00Z")
        }
        return time
    }

    /// A phone number in any spelling.
    static func number(_ text: String) throws(CommandFailure) -> PhoneNumber {
        do {
            return try PhoneNumber(text)
        } catch {
            throw CommandFailure(
                .usage, "\"\(text)\" is no phone number with its country code. \(error.explanation)"
            )
        }
    }
}
