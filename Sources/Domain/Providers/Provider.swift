/// A company through which messages are sent, and that reports on them.
///
/// An open type: each kit in Providers makes one, and the program's wiring lists them. Two are
/// equal if their codes are, so that comparing them reads no text.
package struct Provider: Sendable {
    /// The number of the provider in the database; never reused for another one.
    package let code: Int16
    /// Its name in paths, parameters, settings and answers: `infobip`.
    package let name: String
    /// How it names messages.
    package let messageNames: MessageNames

    /// - Parameters:
    ///   - code: 1 or more.
    ///   - name: lower-case ASCII letters, digits and hyphens, beginning with a letter.
    ///   - messageNames: how it names messages.
    package init(code: Int16, name: String, messageNames: MessageNames) {
        self.code = code
        self.name = name
        self.messageNames = messageNames
    }

    /// A provider of which only the code is known: a row was written by a program that had a kit
    /// for it, and this one has none. It can be shown, but nothing is sent through it.
    package init(unknownCode code: Int16) {
        self.init(code: code, name: "provider-\(code)", messageNames: .itsOwn)
    }

    /// Whether the name of a message there is our own id, known before the provider has the
    /// message.
    package var takesOurID: Bool { messageNames == .ours }

    /// The path to which the provider posts; all its callbacks' paths begin with it.
    package var callbackPath: String { "/callbacks/" + name }
}

extension Provider: Hashable {
    package static func == (a: Provider, b: Provider) -> Bool { a.code == b.code }

    package func hash(into hasher: inout Hasher) { hasher.combine(code) }
}

extension Provider: CustomStringConvertible {
    package var description: String { name }
}
