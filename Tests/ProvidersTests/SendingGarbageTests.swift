import Domain
import TestSupport
import Testing

@testable import Providers

@Suite("Answers that nobody would expect")
struct SendingGarbageTests {
    private static let answers = [
        #"{"bulkId":"b","messages":[{"to":"447700901001","messageId":"01934a6b-0000-7000-8000-"#
            + #"000000000001","status":{"groupId":1,"groupName":"PENDING","id":26,"name":"X"}}]}"#,
        #"{"requestError":{"serviceException":{"messageId":"BAD_REQUEST","text":"Bad","#
            + #""validationErrors":{"messages[0].text":["odd"]}}}}"#,
        #"{"errorCode":"E400","description":"d","violations":[{"property":"messages[1].x","#
            + #""violation":"v"}]}"#,
        #"{"results":[{"destination":"447700901001","messageId":"01934a6b-0000-7000-8000-"#
            + #"000000000001","sentAt":"2026-11-20T12:00:00.000+0100","messageCount":1,"status":"#
            + #"{"groupId":3,"groupName":"DELIVERED","id":5},"content":{"text":"\ud83d\ude9a"}}]}"#,
        #"{"api_id":"a","message_uuid":["u"],"invalid_number":["4"],"error":{"message":"m"}}"#,
        #"{"api_id":"a","message_uuid":"u","message_state":"sent","to_number":"447700901001","#
            + #""message_time":"2026-11-20 14:45:01.128412+05:30","units":1}"#,
        #"{"api_id":"a","meta":{"next":null,"total_count":1},"objects":[{"message_uuid":"u","#
            + #""message_state":"sent","to_number":"447700901001","message_time":"#
            + #""2026-11-20 09:15:01"}]}"#,
    ]

    @Test("changed bytes never stop the process, and there is one result a message")
    func mutations() throws {
        var generator = SplitMix64(state: 7)
        let providers: [any SendingProvider] = [
            try InfobipSending.sample(.v2), try InfobipSending.sample(.v3),
            try PlivoSending.sample(),
        ]
        let bodies = Self.answers.map { Array($0.utf8) }
        for _ in 0..<4000 {
            var body = bodies[Int.random(in: 0..<bodies.count, using: &generator)]
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                Self.mutate(&body, &generator)
            }
            let status = [200, 202, 400, 403, 404, 429, 500].randomElement(using: &generator) ?? 0
            for provider in providers {
                try check(provider, ProviderResponse(status: status, body: body))
            }
        }
    }

    private func check(_ provider: any SendingProvider, _ response: ProviderResponse) throws {
        let messages = try (1...UInt64(min(provider.batchLimit, 3))).map {
            try OutgoingMessage.sample($0)
        }
        #expect(provider.sendResults(of: messages, response).count == messages.count)
        let time = try utc("2026-11-20T09:15:00.000Z")
        for uuid in ["u", nil] {
            let lookUps = messages.map {
                MessageLookUp(
                    id: $0.id, providerMessageID: uuid, recipient: $0.recipient, sentAt: time)
            }
            guard let result = try? provider.lookUpResult(of: lookUps, response) else { continue }
            let ids = Set(lookUps.map(\.id))
            #expect(ids.isSuperset(of: result.unknown))
            #expect(ids.isSuperset(of: result.reports.map(\.message)))
            #expect(Set(result.unknown).isDisjoint(with: result.reports.map(\.message)))
            #expect(result.reports.allSatisfy { $0.source == .poll })
        }
    }

    private static func mutate(_ body: inout [UInt8], _ generator: inout SplitMix64) {
        guard !body.isEmpty else { return }
        let place = Int.random(in: 0..<body.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: body.remove(at: place)
        case 2: body.removeSubrange(place...)
        case 3: body.insert(contentsOf: Array(#"[{"":"#.utf8), at: place)
        default:
            let length = min(8, body.count - place)
            body.insert(contentsOf: body[place..<place + length], at: body.count / 2)
        }
    }

    @Test("deep nesting and long lists are read or refused, not crashed on")
    func size() throws {
        let deep = String(repeating: "[", count: 100_000)
        let wide =
            #"{"messages":["#
            + Array(repeating: "{}", count: 50_000)
            .joined(separator: ",") + "]}"
        let objects =
            String(repeating: #"{"a":"#, count: 63) + "1"
            + String(
                repeating: "}", count: 63)
        for body in [deep, wide, objects] {
            for provider in [try InfobipSending.sample(), try PlivoSending.sample()]
                as [any SendingProvider]
            {
                for status in [200, 400, 404] {
                    try check(provider, ProviderResponse(status, body))
                }
            }
        }
    }
}
