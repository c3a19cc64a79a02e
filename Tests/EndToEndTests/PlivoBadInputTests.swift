import Foundation
import Testing

/// Signed forms that are no report, or none at all: the answer, and what quarantine says of them.
@Suite("Bad input in Plivo's forms", .timeLimit(.minutes(10)))
struct PlivoBadInputTests {
    /// A form of Plivo's that is signed and yet no report.
    static let forms: [(form: String, reason: String, place: String)] = [
        ("MessageUUID=a%00b&Status=sent", "bad_message_id", "MessageUUID"),
        ("MessageUUID=a&MessageUUID=b&Status=sent", "duplicate_key", "MessageUUID"),
        ("MessageUUID=a&Status=sent&Units=99999999999", "bad_number", "Units"),
        (
            "MessageUUID=a&Status=sent&SentTime=2026-13-01+00%3A00%3A00.000000", "bad_time",
            "SentTime"
        ),
    ]

    @Test("A signed form that is no report goes to quarantine", arguments: forms)
    func form(form: String, reason: String, place: String) throws {
        let demo = try RunningDemo.shared
        let marked = form + "&Marker=" + uniqueName("form")
        #expect(try demo.client.send(demo.plivoRequest(marked)).status == 200)
        let hex = marked.utf8.map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql(
            "select reason, place from quarantine where excerpt = '\\x\(hex)'")
        #expect(kept == "\(reason)|\(place)")
    }

    @Test(
        "A signed form that is no status callback is refused with its place, and kept",
        arguments: [
            ("Status=delivered", "MessageUUID"), ("MessageUUID=a", "Status"),
            ("MessageUUID=a&From=15550100&To=15550101&Text=Hi", "Status"),
        ])
    func otherForm(form: String, place: String) throws {
        let demo = try RunningDemo.shared
        let marked = form + "&Marker=" + uniqueName("form")
        let answer = try demo.client.send(demo.plivoRequest(marked))
        expectProblem(answer, 400, "wrong_shape")
        #expect(try JSON(answer)["place"].string == place)
        let hex = marked.utf8.map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql("select reason, place from quarantine where excerpt = '\\x\(hex)'")
        #expect(kept == "wrong_shape|\(place)")
    }

    @Test(
        "Plivo's callbacks with another content type or a thousand parameters too many are refused")
    func strangeForms() throws {
        let demo = try RunningDemo.shared
        var request = try demo.plivoRequest("MessageUUID=\(uniqueName())&Status=sent")
        request.headers.removeAll { $0.name == "Content-Type" }
        request.headers.append(("Content-Type", "application/json"))
        expectProblem(try demo.client.send(request), 415, "unsupported_media_type")
        // More parameters than are read cannot be verified.
        let many = (0...1000).map { "a\($0)=1" }.joined(separator: "&")
        expectProblem(try demo.client.send(demo.plivoRequest(many)), 403, "wrong_signature")
    }
}
