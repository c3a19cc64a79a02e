import Accounts
import Domain
import Testing

@Suite("Rules of passwords")
struct PasswordRulesTests {
    private static let ann: UserDraft = {
        guard let email = EmailAddress("ann.miller@example.com"), let name = UserName("Ann Miller")
        else { preconditionFailure("both are valid") }
        return UserDraft(email: email, name: name)
    }()

    private func problem(_ text: String, hasTOTP: Bool = false) -> PasswordProblem? {
        PasswordRules.problem(with: Password(text), for: Self.ann, hasTOTP: hasTOTP)
    }

    @Test(
        "takes any characters, without asking for kinds of them",
        arguments: [
            "correct horse battery staple", "nine trolleys 4 lunch", "aufdemwegzurarbeit",
            "Übermorgen früh um sechs", "日本語のパスワードは十五文字以上です", "🦉🐢🦊🐙🦀🐝🐞🦋🐌🐛🦗🕷🦂🐬🐳",
            "kX9#vQ2m!pL7wZ4t", String(repeating: "long pass phrase ", count: 15),
        ])
    func takes(text: String) {
        #expect(problem(text) == nil)
    }

    @Test("counts characters, not bytes, and needs fewer beside a code")
    func length() {
        #expect(problem("dvr4kßpüq7mäxw") == .tooShort(least: 15))
        #expect(problem("dvr4kßpüq7mäxw3") == nil)
        #expect(problem("dvr4kßpüq7mä", hasTOTP: true) == nil)
        #expect(problem("dvr4kßpüq7m", hasTOTP: true) == .tooShort(least: 12))
        #expect(problem("") == .tooShort(least: 15))
    }

    @Test("refuses more bytes than are hashed, zero bytes, and what is not UTF-8")
    func bytes() {
        let phrase = "a long phrase of words "
        let most = String(String(repeating: phrase, count: 12).prefix(256))
        #expect(problem(most) == nil)
        #expect(problem(most + "x") == .tooLong(mostBytes: 256))
        #expect(problem("correct horse\0battery staple") == .unreadable)
        let bytes = Array("correct horse battery ".utf8) + [0xFF, 0xFE]
        #expect(
            PasswordRules.problem(with: Password(bytes), for: Self.ann, hasTOTP: false)
                == .unreadable)
    }

    @Test(
        "refuses repetitions and sequences",
        arguments: [
            "aaaaaaaaaaaaaaa", "abababababababab", "123123123123123", "passwordpassword",
            "123456789012345", "abcdefghijklmnop", "ponmlkjihgfedcba", "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv5tgb", "ααααααααααααααα", "111111111111112", "zxcvbnmzxcvbnmzx",
        ])
    func repetitive(text: String) {
        #expect(problem(text) == .repetitive)
    }

    @Test(
        "refuses what many people use, in any case",
        arguments: [
            "1q2w3e4r5t6y7u8i9o0p", "Thisismypassword", "Password1234567", "qwerty123456789",
            "welcomewelcome1!", "changeme12345678", "1234567890password", "LetMeIn!LetMeIn!!",
            "Administrator2!",
        ])
    func common(text: String) {
        #expect(problem(text) == .common)
    }

    @Test("refuses one on the list that is long enough beside a code")
    func commonBesideCode() {
        #expect(problem("1q2w3e4r5t6y", hasTOTP: true) == .common)
        #expect(problem("liverpool123", hasTOTP: true) == .common)
    }

    @Test(
        "refuses the account's own address and name, and this program's",
        arguments: [
            "ann.miller@example.com", "Ann.Miller@Example.com1", "annmillerannmiller",
            "Miller Ann Miller", "waybillwaybill1", "WaybillWaybillWaybill!", "example-ann-miller",
        ])
    func personal(text: String) {
        #expect([.personal, .repetitive].contains(problem(text)))
    }

    @Test("takes such words in a longer phrase")
    func phrase() {
        #expect(problem("ann waits for seven trams") == nil)
        #expect(problem("the waybill of the grey goose") == nil)
        #expect(problem("my password is a secret owl") == nil)
    }
}
