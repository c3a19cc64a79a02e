package import Domain
import FastCGI

extension SendDraft {
    /// The problem of a send request to somebody who has opted out; names each such recipient as it
    /// was written.
    package func problem(optedOut blocked: [PhoneNumber: OptOutEntry]) -> Problem {
        var problems = FieldProblems()
        for (index, text) in recipients {
            guard let number = try? PhoneNumber(text), let entry = blocked[number] else { continue }
            problems.add(place(index), "opted_out", Self.detail(entry))
        }
        return Problem(
            .unprocessableContent, "opted_out",
            (problems.count == 1 ? "A recipient has" : "\(problems.count) recipients have")
                + " opted out; nothing was sent. Leave out whom `errors` names.",
            fields: problems)
    }

    private static func detail(_ entry: OptOutEntry) -> String {
        let who =
            entry.source == .operator
            ? "An operator has blocked this number" : "This number has opted out"
        let scope = entry.sender == nil ? "" : " of this sender's messages"
        return "\(who)\(scope) at \(entry.at) (\(entry.source.name)); see /v1/opt-outs."
    }
}
