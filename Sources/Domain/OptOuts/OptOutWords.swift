/// The words by which people stop messages, ask for them again, and ask for help, by language.
package struct OptOutWords: Sendable, Equatable {
    /// What a word means.
    package enum Meaning: Sendable, CaseIterable {
        case out
        case `in`
        case help
    }

    private var meanings: [String: (meaning: Meaning, language: String)] = [:]

    /// None.
    package init() {}

    /// - Parameters:
    ///   - meaning: what they mean.
    ///   - words: lists by language, as in `en: stop, end; fr: arret`.
    /// - Returns: false if the text is not of that form, or a word means something else already.
    package mutating func add(_ meaning: Meaning, _ words: String) -> Bool {
        for list in words.split(separator: ";") {
            let halves = list.split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2 else { return false }
            let language = Self.normalized(String(halves[0]))
            guard !language.isEmpty, language.utf8.count <= Self.languageLimit else { return false }
            for word in halves[1].split(separator: ",") {
                let word = Self.normalized(String(word))
                guard !word.isEmpty, word.utf8.count <= Self.wordLimit else { return false }
                // A word may be one in several languages, with one meaning.
                if let known = meanings[word] {
                    guard known.meaning == meaning else { return false }
                    continue
                }
                meanings[word] = (meaning, language)
            }
        }
        return true
    }

    /// What a message means, if it is one of the words and nothing else.
    ///
    /// - Parameter text: the whole message; blanks around it, the case, and one full stop or
    ///   exclamation mark at its end mean nothing.
    /// - Returns: the meaning, the word as it is listed, and its language; nil for anything else.
    package func meaning(
        of text: String
    ) -> (meaning: Meaning, word: String, language: String)? {
        guard text.utf8.count <= Self.wordLimit * 4 else { return nil }
        var word = Self.normalized(text)
        guard let last = word.unicodeScalars.last else { return nil }
        if Self.ends.contains(last) {
            word = Self.normalized(String(String.UnicodeScalarView(word.unicodeScalars.dropLast())))
        }
        return meanings[word].map { ($0.meaning, word, $0.language) }
    }

    /// Without blanks around it, in small letters, one blank between words.
    private static func normalized(_ text: String) -> String {
        let scalars = text.unicodeScalars.split { scalar in
            scalar.properties.isWhitespace || invisible.contains(scalar)
        }
        return scalars.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
            .lowercased()
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.meanings.keys == b.meanings.keys
            && a.meanings.allSatisfy { word, entry in
                b.meanings[word].map { $0 == entry } ?? false
            }
    }

    private static let wordLimit = 64
    private static let languageLimit = 16
    /// Also those of Chinese and Japanese keyboards.
    private static let ends: Set<Unicode.Scalar> = [".", "!", "\u{3002}", "\u{FF0E}", "\u{FF01}"]
    /// Zero-width space, and a byte order mark.
    private static let invisible: Set<Unicode.Scalar> = ["\u{200B}", "\u{FEFF}"]
}
