import Domain
import Testing

@Suite("Users' addresses and names, and the wait after failures")
struct UserTests {
    @Test(
        "an address is taken as it is written, and compared without case",
        arguments: [
            "ann@example.com", "Ann.Miller+sms@Mail.Example.co.uk", "x@y", "ünal@exämple.de",
            "o'brien@example.ie", "a_b-c@localhost",
        ])
    func addresses(text: String) throws {
        let email = try #require(EmailAddress(text))
        #expect(email.text == text && "\(email)" == text)
        #expect(email == EmailAddress(text.uppercased()))
        #expect(Set([email, try #require(EmailAddress(text.lowercased()))]).count == 1)
    }

    @Test(
        "nothing else is an address",
        arguments: [
            "", "ann", "@", "ann@", "@example.com", "a@b@c", "ann @example.com", "ann@exam ple.com",
            "ann@example..com", ".ann@example.com", "ann.@example.com", "ann@.com", "ann@com.",
            "ann@-example.com", "ann@example-.com", "ann\n@example.com",
            "ann@example.com\r\nBcc: x",
            "Ann <ann@example.com>", "ann,bob@example.com", "ann@example.com;", "\"a\"@example.com",
            "ann\0@example.com", "ann\u{202E}@example.com", "ann\u{200B}@example.com",
            String(repeating: "a", count: 65) + "@example.com",
            "a@" + String(repeating: "a", count: 64) + ".com",
            "a@" + Array(repeating: "abcdefg", count: 32).joined(separator: "."),
        ])
    func noAddresses(text: String) {
        #expect(EmailAddress(text) == nil)
    }

    @Test("an address has at most 254 bytes")
    func longest() throws {
        let domain = Array(repeating: "abcdefg", count: 31).joined(separator: ".")
        let text = String(repeating: "a", count: 254 - 1 - domain.utf8.count) + "@" + domain
        #expect(text.utf8.count == 254)
        #expect(EmailAddress(text) != nil)
        #expect(EmailAddress("b" + text) == nil)
    }

    @Test("a name loses the blanks at its ends; of a user without one it is taken from the address")
    func names() throws {
        #expect(UserName("  Ann Miller\u{00A0}")?.description == "Ann Miller")
        #expect(UserName(String(repeating: "ä", count: 100)) != nil)
        #expect(UserName("👩‍👩‍👧 family") != nil)
        for text in [
            "", "   ", "a\nb", "a\u{1B}[2Jb", "a\0", "a\u{202E}b",
            String(repeating: "ä", count: 101),
        ] {
            #expect(UserName(text) == nil)
        }
        let email = try #require(EmailAddress("Ann.Miller@example.com"))
        #expect(UserDraft(email: email).name.description == "Ann.Miller")
        #expect(UserDraft(email: email).role == .viewer)
    }

    @Test("the wait begins with the fifth failure at a second, doubles, and ends at 15 minutes")
    func delay() {
        let seconds = (0...16).map { SignInDelay.after(failures: $0) / .seconds(1) }
        #expect(
            seconds == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
        #expect(SignInDelay.after(failures: .max) == .seconds(900))
        #expect(SignInDelay.after(failures: -1) == .zero)
    }

    @Test("neither a password nor a fresh secret is printed")
    func redacted() {
        let values: [Any] = [Password("hush"), FreshSecret("hush")]
        for value in values {
            var text = "\(value) \(String(reflecting: value))"
            dump(value, to: &text)
            #expect(!text.contains("hush"))
            #expect(!text.contains("104"))
        }
    }
}
