import Domain
import Foundation
import JSON
import Testing

@testable import Web

/// What a request's body costs, in this thread's CPU time, which other processes do not change.
@Suite("Hostile bodies", .serialized)
struct HostileBodyTests {
    private static let size = 40_000
    /// The cost may differ by this factor; the fault that was removed had 300 at this size.
    private static let factor = 5.0

    private static func repeated(_ piece: String, in frame: (String, String)) -> [UInt8] {
        let count = (size - frame.0.utf8.count - frame.1.utf8.count) / piece.utf8.count
        return Array((frame.0 + String(repeating: piece, count: count) + frame.1).utf8)
    }

    private static func numbered(_ frame: (String, String), _ piece: (Int) -> String) -> [UInt8] {
        var text = frame.0
        var index = 0
        while text.utf8.count < size - frame.1.utf8.count - 40 {
            text += (index == 0 ? "" : ",") + piece(index)
            index += 1
        }
        return Array((text + frame.1).utf8)
    }

    /// A valid request: 1,000 recipients, the longest text, and data for the rest.
    private static let honest: [UInt8] = {
        let numbers = (0..<1000).map { #""+4179\#(1_000_000 + $0)""# }.joined(separator: ",")
        let text = String(repeating: "a", count: 3000)
        let metadata = (0..<700).map { #""k\#($0)":\#($0)"# }.joined(separator: ",")
        let head = #"{"to":[\#(numbers)],"text":"\#(text)","metadata":{\#(metadata)},"#
        let rest = size - head.utf8.count - 19
        return Array(
            (head + #""callback_data":"\#(String(repeating: "x", count: rest))"}"#).utf8)
    }()

    /// A body whose bytes are not shown.
    struct Body: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
    }

    static let hostile = bodies.map { Body(testDescription: $0.0, bytes: $0.1) }

    private static let bodies: [(String, [UInt8])] = [
        ("brackets", repeated("[],", in: ("[", "1]"))),
        ("braces", repeated("{},", in: ("[", "1]"))),
        ("open brackets", Array(String(repeating: "[", count: size).utf8)),
        ("open objects", repeated(#"{"a":"#, in: ("", ""))),
        (
            "nesting",
            Array(
                (String(repeating: "[", count: size / 2) + String(repeating: "]", count: size / 2))
                    .utf8)
        ),
        (
            "nests of the permitted depth",
            repeated(
                String(repeating: "[", count: 30) + String(repeating: "]", count: 30) + ",",
                in: ("[", "1]"))
        ),
        (
            "alternating nests",
            repeated(
                String(repeating: #"{"a":["#, count: 14) + String(repeating: "]}", count: 14) + ",",
                in: ("[", "1]"))
        ),
        ("members", numbered(("{", "}")) { "\"\($0)\":1" }),
        ("unknown members of one length", numbered(("{", "}")) { "\"k\(100_000 + $0)\":1" }),
        (
            "names with a long part in common",
            numbered(("{", "}")) {
                "\"\(String(repeating: "x", count: 200))\($0)\":1"
            }
        ),
        ("the same name", repeated(#""a":1,"#, in: ("{", #""a":1}"#))),
        ("numbers", repeated("1,", in: ("[", "1]"))),
        ("long numbers", repeated(String(repeating: "9", count: 64) + ",", in: ("[", "1]"))),
        ("one number", Array(String(repeating: "9", count: size).utf8)),
        ("fractions", repeated("1.5e-99,", in: ("[", "1]"))),
        ("escapes", repeated(#"\u00e9"#, in: (#"{"text":""#, #""}"#))),
        ("pairs", repeated(#"\ud83d\ude00"#, in: (#"{"text":""#, #""}"#))),
        ("halves of pairs", repeated(#"\ud83d"#, in: (#"{"text":""#, #""}"#))),
        ("escaped names", numbered(("{", "}")) { #""\u0061\#($0)":1"# }),
        ("empty strings", repeated(#""","#, in: ("[", "1]"))),
        ("blanks", repeated(" \n\t", in: ("[", "]"))),
        ("recipients that are none", repeated(#""x","#, in: (#"{"to":["#, #""x"]}"#))),
        (
            "bytes that are no UTF-8",
            Array(#"{"text":""#.utf8)
                + [UInt8](repeating: 0xC3, count: size) + Array(#""}"#.utf8)
        ),
        ("literals", repeated("null,", in: ("[", "1]"))),
    ]

    /// Everything done with a body before the database.
    private static func work(_ body: [UInt8]) {
        guard case .object(let members)? = try? JSONValue(strict: body, limits: SendEndpoint.limits)
        else { return }
        _ = SendDraft.canonical(members)
        let draft = SendDraft(members)
        _ = try? draft.sendRequest(
            Samples.sendRequest, by: Samples.submitter, at: Samples.time(),
            routing: Routing(fallback: .infobip, rules: []), key: SendServer.key)
    }

    /// Microseconds of this thread's CPU time, the least of several runs.
    private static func cost(_ body: [UInt8]) -> Double {
        var least = Double.infinity
        for _ in 0..<3 {
            let start = now()
            work(body)
            least = min(least, now() - start)
        }
        return least
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    @Test("A hostile body costs no more than a valid one of its size", arguments: hostile)
    func cost(hostile: Body) throws {
        #expect(Self.honest.count == Self.size)
        #expect(hostile.bytes.count <= Self.size + 300)
        let call = try JSONValue(strict: Self.honest, limits: SendEndpoint.limits)
        #expect(SendDraft(call.members).problems.count == 0)
        let (honest, cost) = (Self.cost(Self.honest), Self.cost(hostile.bytes))
        #expect(cost <= honest * Self.factor, "\(cost) µs against \(honest) µs")
    }
}
