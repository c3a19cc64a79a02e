import Domain
import Testing

@testable import Web

@Suite("Events as text")
struct EventTextTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("An event has its name, its id and its data")
    func event() {
        let id = ChangeSequence(rawValue: 16_385)
        #expect(
            text(EventText.event("status", id: id, Array("{}".utf8)))
                == "event: status\nid: 16385\ndata: {}\n\n")
        #expect(text(EventText.event(nil, Array("{}".utf8))) == "data: {}\n\n")
        #expect(text(EventText.retry(after: .milliseconds(1234))) == "retry: 1234\n\n")
    }

    @Test("Line breaks in the data do not end it")
    func lines() {
        #expect(
            text(EventText.event("a", Array("{\n\"b\":\r\n1}".utf8)))
                == "event: a\ndata: {\ndata: \"b\":\ndata: 1}\n\n")
    }

    @Test("A place is 1 to 16 digits", arguments: [("0", 0), ("16385", 16_385)])
    func place(text: String, number: Int64) {
        #expect(EventText.sequence(text) == ChangeSequence(rawValue: number))
    }

    @Test(
        "Anything else is no place", arguments: ["", "-1", "1.5", "+1", "x", "12345678901234567"])
    func noPlace(text: String) { #expect(EventText.sequence(text) == nil) }
}
