package import Domain

/// Which passwords may be chosen. Length counts and guessable ones are refused; no kinds of
/// characters are demanded.
///
/// A password is taken, counted and hashed as it was received, without normalisation: what
/// ASVS asks for, and what no later version of Unicode can change. Source: NIST SP 800-63B-4,
/// section 3.1.1.2; OWASP ASVS 5.0, 6.2.1 to 6.2.12.
package enum PasswordRules {
    /// The fewest characters (code points) of a password that stands alone.
    package static let leastAlone = 15
    /// The fewest beside a code.
    package static let leastWithTOTP = 12
    /// The most bytes of UTF-8.
    package static let mostBytes = 256

    /// What is left without guessable parts must have so many letters and digits.
    private static let leastLeft = 6

    /// Why a user may not choose a password; nil if the user may.
    package static func problem(
        with password: Password, for draft: UserDraft, hasTOTP: Bool
    ) -> PasswordProblem? {
        let bytes = password.bytes
        guard bytes.count <= mostBytes else { return .tooLong(mostBytes: mostBytes) }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return .unreadable
        }
        let least = hasTOTP ? leastWithTOTP : leastAlone
        guard text.unicodeScalars.count >= least else { return .tooShort(least: least) }
        let folded = text.lowercased()
        if isRepetitive(folded) { return .repetitive }
        if CommonPasswords.contains(folded) { return .common }
        if isShort(withoutAnyOf: personalWords(of: draft), folded) { return .personal }
        if isShort(withoutAnyOf: commonWords, withoutRuns(folded)) { return .common }
        return nil
    }

    // MARK: - Repetitions

    /// Walks over a keyboard or an alphabet.
    private static let walks = [
        "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm",
        "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "qazwsxedcrfvtgbyhnujmikolp",
    ].map { Array($0.utf8) }

    private static func isRepetitive(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        // One to three different characters, or one short unit again and again.
        if Set(scalars).count < 4 { return true }
        let hasPeriod = (1...8).contains { period in
            period * 2 <= scalars.count
                && scalars.indices.allSatisfy { scalars[$0] == scalars[$0 % period] }
        }
        if hasPeriod { return true }
        let steps = zip(scalars, scalars.dropFirst()).map {
            Int64($1.value) - Int64($0.value)
        }
        if steps.allSatisfy({ $0 == 1 }) || steps.allSatisfy({ $0 == -1 }) { return true }
        let bytes = Array(text.utf8)
        return walks.contains { follows($0, bytes) || follows($0.reversed(), bytes) }
    }

    /// Whether a text goes along a walk, beginning anywhere and starting over at its end.
    private static func follows(_ walk: [UInt8], _ text: [UInt8]) -> Bool {
        guard let start = text.first.flatMap(walk.firstIndex) else { return false }
        return text.indices.allSatisfy { text[$0] == walk[(start + $0) % walk.count] }
    }

    // MARK: - Words

    private static let commonWords = [
        "password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "kennwort", "motdepasse",
        "contrasena", "parola", "qwerty", "qwertz", "azerty", "letmein", "welcome", "willkommen",
        "iloveyou", "changeme", "administrator", "admin", "default", "secret", "temporary", "login",
        "user", "summer", "winter", "spring", "autumn", "waybill",
    ]

    private static func personalWords(of draft: UserDraft) -> [String] {
        let address = draft.email.key
        let parts = address.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let names = draft.name.description.lowercased()
            .split { !$0.isLetter && !$0.isNumber }.map(String.init)
        // Shorter parts, such as "com", would take too much out of a good password.
        return ["waybill"] + [address] + (parts + names).filter { $0.count >= 3 }
    }

    /// Whether few letters and digits are left once all of these words are taken out.
    private static func isShort(withoutAnyOf words: [String], _ text: String) -> Bool {
        var rest = text
        for word in words.sorted(by: { $0.count > $1.count }) {
            rest = rest.replacing(word, with: " ")
        }
        guard rest != text else { return false }
        return rest.count { $0.isLetter || $0.isNumber } < leastLeft
    }

    /// A text without runs of digits that count up or down, or repeat one.
    private static func withoutRuns(_ text: String) -> String {
        var rest = ""
        var run: [Character] = []
        func end() {
            let digits = run.compactMap(\.wholeNumberValue)
            let steps = Set(zip(digits, digits.dropFirst()).map { ($1 - $0 + 10) % 10 })
            let isRun = digits.count >= 3 && steps.count == 1 && [0, 1, 9].contains(steps.first)
            rest += isRun ? " " : String(run)
            run = []
        }
        for character in text {
            if character.isASCII, character.isNumber {
                run.append(character)
            } else {
                end()
                rest.append(character)
            }
        }
        end()
        return rest
    }
}
