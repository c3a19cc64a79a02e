package import Domain

/// What Infobip's errors and statuses mean.
package struct InfobipErrors: ErrorDictionary {
    package init() {}

    /// By the error; where there is none, by the status.
    package func meaning(of outcome: Outcome) -> ErrorMeaning? {
        if let code = outcome.errorCode.flatMap(Int.init), code != 0 {
            if let meaning = Self.byError[code] { return meaning }
        }
        return outcome.statusID.flatMap { Self.byStatus[Int($0)] }
    }

    private static let byError = table(\.errors)
    private static let byStatus = table(\.statuses)

    private static func table(
        _ codes: (InfobipErrorFamily) -> [Int]
    ) -> [Int: ErrorMeaning] {
        let pairs = InfobipErrorFamily.all.flatMap { family in
            codes(family).map { ($0, family.meaning) }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
