import Foundation
import Security
import Testing

@Suite("Base64 and hexadecimal")
struct EncodingTests {
    @Test("give back the bytes that they were given, as Foundation does", arguments: 0..<70)
    func roundTrip(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 250) }
        let standard = Base64.encode(bytes)
        #expect(standard == Data(bytes).base64EncodedString())
        #expect(Base64.decode(Array(standard.utf8)) == bytes)
        let url = Base64.encode(bytes, alphabet: .url)
        #expect(!url.contains { "+/=".contains($0) })
        #expect(Base64.decode(Array(url.utf8), alphabet: .url) == bytes)
        let hex = Hexadecimal.encode(bytes)
        #expect(Hexadecimal.decode(hex.utf8) == bytes)
        #expect(Hexadecimal.decode(hex.uppercased().utf8) == bytes)
    }

    @Test(
        "base64 is refused in every spelling but one",
        arguments: [
            "QQ", "QQ=", "QQ===", "=", "====", "QR==", "QUI", "QUJ=", "QU I=", "QUI=\n", "QU=I",
            "Q=Q=", "QUJD=", "-_==", "\u{E9}A==", "QUJDRA=A",
        ])
    func strictStandard(text: String) {
        #expect(Base64.decode(Array(text.utf8)) == nil)
    }

    @Test(
        "base64url is refused with padding or the other alphabet", arguments: ["QQ==", "+/8", "Q"])
    func strictURL(text: String) {
        #expect(Base64.decode(Array(text.utf8), alphabet: .url) == nil)
    }

    @Test("hexadecimal needs pairs of digits", arguments: ["0", "0g", "abc", "0x00", " 00", "00 "])
    func strictHexadecimal(text: String) {
        #expect(Hexadecimal.decode(text.utf8) == nil)
    }
}
