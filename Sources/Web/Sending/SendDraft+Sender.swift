import Domain

extension SendDraft {
    /// The most characters of a name: ten octets of GSM 7-bit.
    /// Source: 3GPP TS 23.040, section 9.1.2.5.
    private static let nameLimit = 11
    private static let shortCodeDigits = 3...8

    /// A number with `+`, a short code or a name; nil lets the provider choose.
    mutating func checkedSender(_ rules: [ProviderRules]) -> String? {
        guard let sender else { return nil }
        let digits = sender.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if digits, Self.shortCodeDigits.contains(sender.utf8.count) { return sender }
        do throws(PhoneNumber.Problem) {
            let number = try PhoneNumber(sender)
            addSenderProblems(rules.compactMap { $0.problem(with: number) })
            return number.description
        } catch .strangeCharacter(let scalar, _) where scalar != "+" {
            // A number cannot contain this character, so it is a name.
            if let detail = Self.problem(withName: sender) {
                addSenderProblem(detail)
            } else {
                addSenderProblems(rules.compactMap { $0.problem(withName: sender) })
            }
            return sender
        } catch {
            let digits = Self.shortCodeDigits
            addSenderProblem(
                "\(error.explanation) A short code has \(digits.lowerBound) to"
                    + " \(digits.upperBound) digits and nothing else, and a name has other"
                    + " characters than a number.")
            return nil
        }
    }

    private mutating func addSenderProblem(_ detail: String) {
        problems.add(name(.sender), "bad_sender", detail)
    }

    private mutating func addSenderProblems(_ found: [ProviderRules.Problem]) {
        for problem in found { problems.add(name(.sender), problem.code, problem.detail) }
    }

    /// What is wrong with a name; nil if it is valid.
    private static func problem(withName name: String) -> String? {
        for (index, scalar) in name.unicodeScalars.enumerated() where !isOfNames(scalar) {
            return "Its character \(index + 1) is \(scalar.named), which networks do not carry in a"
                + " sender's name: it takes letters from a to z, digits, blanks and"
                + " !\"#$%&'()*+,-./:;<=>?@_ in it."
        }
        guard name.utf8.count <= nameLimit else {
            return "It has \(name.utf8.count) characters; a name has at most \(nameLimit)."
        }
        guard name.first != " ", name.last != " " else {
            return "A name neither begins nor ends with a blank."
        }
        return nil
    }

    /// The printable ASCII characters that are one septet in GSM 7-bit. Others of that alphabet,
    /// such as é, are replaced or dropped by some networks.
    private static func isOfNames(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "[", "\\", "]", "^", "`", "{", "|", "}", "~": false
        default: (" "..."~").contains(scalar)
        }
    }
}
