import Domain

extension FuzzTarget {
    /// A number as people write it, and as they paste it to look for it.
    static let phoneNumber = FuzzTarget(
        name: "phone-number",
        seeds: [
            "+447700900123", "0044 (7700) 900-123", "+44 (0)7700 900123", "tel:+41-79-123.45.67",
            "\u{202A}+41 79 123 45 67\u{202C}", "'+33612345678", "+\u{0664}\u{0664}7700",
        ].map { Array($0.utf8) },
        words: numberWords + [
            "(0)", "(", ")", "/", " ", "\u{00A0}", "\u{200B}", "\u{2011}", "tel:", "sms:", "00",
            "x",
        ],
        check: { input in
            let text = String(decoding: input, as: UTF8.self)
            let pasted = PastedNumber(text)
            if let pasted {
                let digits = pasted.digits
                try FuzzFinding.unless(
                    digits.utf8.allSatisfy { (48...57).contains($0) },
                    "pasted it is \(pasted.compact)")
            }
            let number: PhoneNumber
            do throws(PhoneNumber.Problem) {
                number = try PhoneNumber(text)
            } catch {
                try FuzzFinding.unless(
                    !error.code.isEmpty && error.explanation.utf8.count < 300,
                    "the refusal says \(error.explanation)")
                return false
            }
            let kept = number.description
            try FuzzFinding.unless(
                PhoneNumber(kept: kept) == number && (try? PhoneNumber(kept)) == number
                    && (7...15).contains(number.digits.utf8.count), "\(kept) is read as another")
            // Whatever a message can be sent to can be looked for in the same spelling.
            try FuzzFinding.unless(
                pasted?.digits == number.digits,
                "\(kept) is looked for as \(pasted?.compact ?? "nothing")")
            return true
        })
}
