/// How a text is sent: its alphabet, and how many SMS it takes.
///
/// A segment holds 140 octets. One SMS takes 160 septets of GSM 7-bit or 70 code units of UCS-2; a
/// segment of several has six octets of header, so 153 or 67. A character of the extension table takes
/// two septets, and neither it nor a surrogate pair is split over two segments. Source: 3GPP TS
/// 23.038, section 6.2.1, and TS 23.040, section 9.2.3.24.
package struct Segmentation: Equatable, Sendable {
    /// The alphabet of the whole text.
    package enum Encoding: String, Sendable {
        case gsm7 = "gsm-7"
        case ucs2 = "ucs-2"
    }

    package let encoding: Encoding
    /// Septets for GSM 7-bit, code units for UCS-2.
    package let units: Int
    /// SMS that are billed; 1 for an empty text.
    package let segments: Int

    /// Measures a text. One character outside of GSM 7-bit makes all of it UCS-2.
    package init(_ text: String) {
        if let sizes = Self.septets(text) {
            encoding = .gsm7
            units = sizes.reduce(0) { $0 + Int($1) }
            segments = Self.segments(sizes, alone: 160, joined: 153)
        } else {
            let sizes = text.unicodeScalars.map { $0.value > 0xFFFF ? 2 as UInt8 : 1 }
            encoding = .ucs2
            units = sizes.reduce(0) { $0 + Int($1) }
            segments = Self.segments(sizes, alone: 70, joined: 67)
        }
    }

    /// Packs characters one after the other; one that does not fit begins the next segment.
    private static func segments(_ sizes: [UInt8], alone: Int, joined: Int) -> Int {
        let total = sizes.reduce(0) { $0 + Int($1) }
        guard total > alone else { return 1 }
        var segments = 1
        var used = 0
        for size in sizes {
            if used + Int(size) > joined {
                segments += 1
                used = 0
            }
            used += Int(size)
        }
        return segments
    }

    /// The size of each character, nil if one of them is not in the alphabet.
    private static func septets(_ text: String) -> [UInt8]? {
        var sizes: [UInt8] = []
        sizes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if basic.contains(scalar) {
                sizes.append(1)
            } else if extended.contains(scalar) {
                sizes.append(2)
            } else {
                return nil
            }
        }
        return sizes
    }

    private static let basic = Set(
        ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            + "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà").unicodeScalars)

    private static let extended = Set("\u{0C}^{}\\[~]|€".unicodeScalars)
}
