import Foundation
import Testing

/// The rows of the table "Bad input": each with its answer, and what is still stored.
@Suite("Bad input", .timeLimit(.minutes(10)))
struct BadInputTests {
    /// A body that is refused as a whole.
    struct Malformed: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let body: [UInt8]
        let status: Int
        let code: String
        var contentType: String? = "application/json"

        init(
            _ description: String, _ body: String, _ status: Int, _ code: String,
            contentType: String? = "application/json"
        ) {
            self.init(
                description, bytes: Array(body.utf8), status, code, contentType: contentType)
        }

        init(
            _ description: String, bytes: [UInt8], _ status: Int, _ code: String,
            contentType: String? = "application/json"
        ) {
            testDescription = description
            body = bytes
            self.status = status
            self.code = code
            self.contentType = contentType
        }
    }

    private static let sound = InfobipBody.result("never-stored")

    static let malformed: [Malformed] = [
        Malformed("an empty body", "", 400, "not_json"),
        Malformed("no JSON", "results=1", 400, "not_json"),
        Malformed("JSON cut off", #"{"results":[\#(sound)"#, 400, "not_json"),
        Malformed("something behind the JSON", #"{"results":[\#(sound)]} x"#, 400, "not_json"),
        Malformed("an unescaped control character", "{\"results\":[\"\u{1}\"]}", 400, "not_json"),
        Malformed("an array", "[\(sound)]", 400, "wrong_shape"),
        Malformed("a string", #""results""#, 400, "wrong_shape"),
        Malformed("results twice", #"{"results":[\#(sound)],"results":[]}"#, 400, "wrong_shape"),
        Malformed(
            "another content type", #"{"results":[\#(sound)]}"#, 415, "unsupported_media_type",
            contentType: "application/xml"),
        Malformed(
            "no content type", #"{"results":[\#(sound)]}"#, 415, "unsupported_media_type",
            contentType: nil),
        Malformed(
            "10,001 results",
            #"{"results":[\#(Array(repeating: sound, count: 10_001).joined(separator: ","))]}"#,
            413, "too_many_results"),
        Malformed(
            "100,000 levels", String(repeating: "[", count: 100_000), 400, "not_json"),
    ]

    @Test("A body that cannot be read is refused with the reason, and kept", arguments: malformed)
    func unreadable(malformed: Malformed) throws {
        let demo = try RunningDemo.shared
        let since = try demo.count("select coalesce(max(id), 0) from quarantine")
        let answer = try demo.infobip(malformed.body, contentType: malformed.contentType)
        expectProblem(answer, malformed.status, malformed.code)
        #expect(try JSON(answer)["place"].string?.isEmpty == false)
        #expect(try demo.message("never-stored") == nil)
        let hex = malformed.body.prefix(200).map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql(
            """
            select reason, octet_length(excerpt) from quarantine
            where id > \(since) and reason = '\(malformed.code)'
              and substr(excerpt, 1, 200) = '\\x\(hex)' limit 1
            """)
        let parts = kept.split(separator: "|")
        #expect(parts.first.map(String.init) == malformed.code)
        let size = try #require(parts.last.flatMap { Int($0) })
        #expect(size <= malformed.body.count && size <= 1 << 20, "bounded")
    }

    @Test("A callback without credentials is not kept, whatever it holds")
    func unauthenticated() throws {
        let demo = try RunningDemo.shared
        let marker = uniqueName("unauthenticated")
        expectProblem(
            try demo.infobip(Array(marker.utf8), headers: []), 401, "missing_credentials")
        let rows = try demo.count(
            "select count(*) from quarantine where position('\(marker)'::bytea in excerpt) > 0")
        #expect(rows == 0)
    }

    /// A result that does not affect the others.
    struct Reject: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let result: [UInt8]
        let reason: String
        let place: String

        init(_ description: String, _ result: String, _ reason: String, _ place: String) {
            self.init(description, bytes: Array(result.utf8), reason, place)
        }

        init(_ description: String, bytes: [UInt8], _ reason: String, _ place: String) {
            testDescription = description
            result = bytes
            self.reason = reason
            self.place = place
        }
    }

    private static let status = #""status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"D"}"#

    static let rejects: [Reject] = [
        Reject("a number", "17", "wrong_type", "results[1]"),
        Reject("null", "null", "wrong_type", "results[1]"),
        Reject("no id", "{\(status)}", "missing_field", "results[1].messageId"),
        Reject("no status", #"{"messageId":"x"}"#, "missing_field", "results[1].status"),
        Reject(
            "an empty id", #"{"messageId":"",\#(status)}"#, "bad_message_id", "results[1].messageId"
        ),
        Reject(
            "an id with a NUL", #"{"messageId":"a\u0000b",\#(status)}"#, "bad_message_id",
            "results[1].messageId"),
        Reject(
            "an id with half a surrogate pair", #"{"messageId":"a\ud800b",\#(status)}"#,
            "bad_message_id", "results[1].messageId"),
        Reject(
            "an id of 201 characters",
            #"{"messageId":"\#(String(repeating: "x", count: 201))",\#(status)}"#, "too_long",
            "results[1].messageId"),
        Reject(
            "the same name twice", #"{"messageId":"a","messageId":"b",\#(status)}"#,
            "duplicate_key", "results[1].messageId"),
        Reject(
            "a string of 20,000 bytes",
            #"{"messageId":"\#(String(repeating: "x", count: 20_000))",\#(status)}"#, "too_long",
            "results[1].messageId"),
        Reject(
            "a number of 72 digits",
            #"{"messageId":"x","smsCount":\#(String(repeating: "9", count: 72)),\#(status)}"#,
            "too_long", "results[1].smsCount"),
        Reject(
            "70 levels",
            #"{"messageId":"x","y":\#(String(repeating: "[", count: 70))1"#
                + #"\#(String(repeating: "]", count: 70)),\#(status)}"#,
            "too_deep", "results[1]"),
        Reject(
            "an inbound message without a name",
            #"{"from":"447700900123","to":"447700900999","text":"Hi","#
                + #""receivedAt":"2026-11-20T09:15:04.913+0000"}"#,
            "inbound_message", "results[1]"),
        Reject(
            "an opt-out of nobody",
            #"{"event":"BLOCK","messageId":"x","content":{"sender":"ExampleCo"}}"#,
            "blocklist_event", "results[1]"),
        Reject(
            "a status that is no object", #"{"messageId":"x","status":3}"#, "wrong_type",
            "results[1].status"),
    ]

    @Test(
        "A bad result goes to quarantine, and the good ones beside it are stored",
        arguments: rejects)
    func partial(reject: Reject) throws {
        let demo = try RunningDemo.shared
        let (first, last) = (uniqueName("good"), uniqueName("good"))
        let body =
            Array(#"{"results":["#.utf8) + Array(InfobipBody.result(first).utf8)
            + Array(",".utf8) + reject.result + Array(",".utf8)
            + Array(InfobipBody.result(last).utf8) + Array("]}".utf8)
        #expect(try demo.infobip(body).status == 200)
        #expect(try demo.status(first) == "delivered")
        #expect(try demo.status(last) == "delivered")
        let hex = Array(first.utf8).map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql(
            """
            select reason, place, encode(excerpt, 'hex') from quarantine
            where callback_id = (select id from callback where position('\\x\(hex)' in body) > 0)
            """)
        let excerpt = reject.result.map { String(format: "%02x", $0) }.joined()
        #expect(kept == "\(reject.reason)|\(reject.place)|\(excerpt)")
    }

    /// A result with an odd field that costs no report; its id is to be inserted.
    static let oddities: [Reject] = [
        Reject(
            "bytes that are no UTF-8",
            bytes: Array(#"{"messageId":"NAME","to":""#.utf8) + [0xC3, 0x28]
                + Array("\",\(status)}".utf8),
            "invalid_utf8", "results[1].to"),
        Reject(
            "a time that does not exist",
            InfobipBody.result("NAME", doneAt: "2026-02-30T25:00:00.000+0000"),
            "bad_time", "results[1].doneAt"),
        Reject(
            "a huge count", #"{"messageId":"NAME","smsCount":99999999999999999999,\#(status)}"#,
            "bad_number", "results[1].smsCount"),
        Reject(
            "a fraction of a segment", #"{"messageId":"NAME","smsCount":1.5,\#(status)}"#,
            "bad_number", "results[1].smsCount"),
        Reject(
            "a huge price",
            #"{"messageId":"NAME","price":{"pricePerMessage":1e400,"currency":"EUR"},\#(status)}"#,
            "bad_price", "results[1].price.pricePerMessage"),
        Reject(
            "a count that is no number", #"{"messageId":"NAME","smsCount":"one",\#(status)}"#,
            "bad_number", "results[1].smsCount"),
        Reject(
            "a time that is empty", #"{"messageId":"NAME","doneAt":"",\#(status)}"#, "bad_time",
            "results[1].doneAt"),
    ]

    @Test(
        "A report with something odd in it is stored, and quarantine says what", arguments: oddities
    )
    func oddity(odd: Reject) throws {
        let demo = try RunningDemo.shared
        let (first, name) = (uniqueName("good"), uniqueName("odd"))
        let mark = Array("NAME".utf8)
        let start = try #require(
            odd.result.indices.first { odd.result[$0...].starts(with: mark) })
        var body = Array(#"{"results":[\#(InfobipBody.result(first)),"#.utf8)
        body += odd.result[..<start]
        body += Array(name.utf8)
        body += odd.result[(start + mark.count)...]
        body += Array("]}".utf8)
        #expect(try demo.infobip(body).status == 200)
        #expect(try demo.status(first) == "delivered")
        #expect(try demo.status(name) == "delivered")
        let hex = Array(first.utf8).map { String(format: "%02x", $0) }.joined()
        let kept = try demo.sql(
            """
            select reason, place from quarantine
            where callback_id = (select id from callback where position('\\x\(hex)' in body) > 0)
            """)
        #expect(kept == "\(odd.reason)|\(odd.place)")
    }

    @Test("Fields in another form than the documented one are read")
    func otherForms() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let body =
            #"{"results":[{"messageId":"\#(name)","to":447700900123,"smsCount":"2","#
            + #""doneAt":" 2026-11-20T09:15:04.913+0000","price":{"pricePerMessage":"0.04","#
            + #""currency":"eur"},"status":{"name":"delivered_to_handset"}}]}"#
        #expect(
            try demo.infobip(Array("\u{FEFF}\(body)".utf8), contentType: "text/json").status == 200)
        let message = try #require(try demo.message(name))
        #expect(message["status"].string == "delivered")
        #expect(message["to"].string == "+447700900123")
        #expect(message["done_at"].string == "2026-11-20T09:15:04.913Z")
    }

    @Test(
        "A body that is not a delivery report is archived, kept with its kind if it is unknown, and answered 200",
        arguments: [
            (
                #"{"notificationType":"CLICKED","recipient":"447700900123","url":"https://x.example","#
                    + #""messageId":"NAME"}"#, ""
            ),
            (#"{"results":[],"marker":"NAME"}"#, ""), (#"{"marker":"NAME"}"#, "not_a_report"),
        ])
    func otherEvents(body: String, kind: String) throws {
        let demo = try RunningDemo.shared
        let name = uniqueName("event")
        #expect(
            try demo.infobip(Array(body.replacing("NAME", with: name).utf8)).status == 200)
        let hex = Array(name.utf8).map { String(format: "%02x", $0) }.joined()
        let archived = try demo.count(
            "select count(*) from callback where position('\\x\(hex)' in body) > 0")
        #expect(archived == 1)
        let kept = try demo.sql(
            "select reason from quarantine where position('\\x\(hex)' in excerpt) > 0")
        #expect(kept == kind)
    }

    @Test("An encoded body is refused with 415 and kept, by either provider's path")
    func encoded() throws {
        let demo = try RunningDemo.shared
        let credentials = Signing.basic(demo.document.infobip.user, demo.document.infobip.password)
        let body: [UInt8] = [0x1F, 0x8B, 8, 0]
        let answer = try demo.infobip(body, headers: [credentials, ("Content-Encoding", "gzip")])
        expectProblem(answer, 415, "unsupported_media_type")
        #expect(answer["accept-encoding"] == "identity")
        let identity = try demo.infobip(
            InfobipBody.of(uniqueName()), headers: [credentials, ("content-encoding", "identity")])
        #expect(identity.status == 200)
        var request = try demo.plivoRequest("MessageUUID=\(uniqueName())&Status=sent")
        request.headers.append(("Content-Encoding", "br"))
        expectProblem(try demo.client.send(request), 415, "unsupported_media_type")
    }

    @Test("Text that PostgreSQL cannot hold affects nothing else")
    func unholdableText() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        let extra = #","callbackData":"a\u0000b\ud800c","unknown\u0000":"\u0000","from":"\udfff""#
        #expect(
            try demo.infobip(InfobipBody.of([InfobipBody.result(name, extra: extra)])).status == 200
        )
        let message = try #require(try demo.message(name))
        #expect(message["callback_data"].string == "a\u{FFFD}b\u{FFFD}c")
        #expect(message["status"].string == "delivered")
    }

    @Test("A message that we have not sent appears as such")
    func unknownMessage() throws {
        let demo = try RunningDemo.shared
        let name = uniqueName()
        #expect(try demo.infobip(InfobipBody.of(name)).status == 200)
        #expect(try demo.message(name)?["sent_by_us"].bool == false)
    }
}
