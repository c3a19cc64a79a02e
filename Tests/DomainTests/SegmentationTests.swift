import Domain
import Testing

@Suite("Segments")
struct SegmentationTests {
    private static func repeated(_ text: String, _ count: Int) -> String {
        String(repeating: text, count: count)
    }

    @Test(
        "Texts take the segments that the standard says",
        arguments: [
            (repeated("a", 160), .gsm7, 160, 1), (repeated("a", 161), .gsm7, 161, 2),
            (repeated("a", 306), .gsm7, 306, 2), (repeated("a", 307), .gsm7, 307, 3),
            (repeated("€", 80), .gsm7, 160, 1), (repeated("€", 81), .gsm7, 162, 2),
            // 76 pairs fill 152 of a part's 153 septets, the last of which stays empty.
            (repeated("€", 152), .gsm7, 304, 2), (repeated("€", 153), .gsm7, 306, 3),
            (repeated("a", 152) + "€" + "aaaaaaa", .gsm7, 161, 2),
            (repeated("ы", 70), .ucs2, 70, 1), (repeated("ы", 71), .ucs2, 71, 2),
            (repeated("ы", 134), .ucs2, 134, 2), (repeated("ы", 135), .ucs2, 135, 3),
            (repeated("a", 69) + "🚚", .ucs2, 71, 2), (repeated("🚚", 35), .ucs2, 70, 1),
            // 33 pairs fill 66 of a part's 67 code units.
            (repeated("🚚", 66), .ucs2, 132, 2), (repeated("🚚", 67), .ucs2, 134, 3),
            ("", .gsm7, 0, 1), ("ç", .ucs2, 1, 1), ("`", .ucs2, 1, 1), ("’", .ucs2, 1, 1),
            ("Ç@£$¥èéùìòΔ_ΦΓΛΩΠΨΣΘΞ\r\n", .gsm7, 23, 1),
            // A line end of two characters is one to Swift; the escape is no character by itself.
            (repeated("\r\n", 80), .gsm7, 160, 1), (repeated("\r\n", 81), .gsm7, 162, 2),
            ("\u{0C}", .gsm7, 2, 1), ("\u{1B}", .ucs2, 1, 1), ("\u{0}", .ucs2, 1, 1),
            ("\u{FFFD}", .ucs2, 1, 1), ("\u{A0}", .ucs2, 1, 1), ("🇨🇭", .ucs2, 4, 1),
            (repeated("a", 66) + "🚚" + repeated("a", 66), .ucs2, 134, 3),
            // A decomposed é is an e and an accent that GSM 7-bit does not have.
            ("e\u{301}", .ucs2, 2, 1), ("👨‍👩‍👧", .ucs2, 8, 1),
        ] as [(String, Segmentation.Encoding, Int, Int)])
    func table(text: String, encoding: Segmentation.Encoding, units: Int, segments: Int) {
        let segmentation = Segmentation(text)
        #expect(segmentation.encoding == encoding)
        #expect(segmentation.units == units)
        #expect(segmentation.segments == segments)
    }

    @Test("All 128 characters of the basic table but the escape are one septet")
    func basicTable() {
        let basic =
            "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
        #expect(basic.unicodeScalars.count == 127)
        #expect(Segmentation(basic).units == 127)
    }
}
