import Domain
import Foundation
import Security
import TestSupport
import Testing

@testable import Providers

@Suite("Changed callbacks")
struct CallbackFuzzTests {
    @Test("Infobip's give reports and rejects that can be stored, or one malformation")
    func infobipBodies() throws {
        var generator = SplitMix64(state: 7)
        // One that remembers every body before; earlier bodies must change nothing.
        let warm = try infobip()
        let fixtures = try ["infobip-v3.json", "infobip-delivered.json"].map(Fixture.bytes)
        var outcomes = (parsed: 0, refused: 0, rejects: 0)
        for _ in 0..<4000 {
            let seed = try #require(fixtures.randomElement(using: &generator))
            let body = mutated(seed, using: &generator)
            let callback = ReceivedCallback(body: body)
            let first = Result { try infobip().parse(callback) }
            let again = Result { try warm.parse(callback) }
            switch (first, again) {
            case (.success(let parsed), .success(let other)):
                outcomes.parsed += 1
                outcomes.rejects += parsed.rejects.count
                #expect(parsed == other)
                for report in parsed.reports { try check(report) }
            case (.failure(let error), .failure(let other)):
                outcomes.refused += 1
                let malformation = try #require(error as? Malformation)
                #expect(malformation == other as? Malformation)
            default:
                Issue.record("not the same twice: \(String(decoding: body, as: UTF8.self))")
            }
        }
        #expect(outcomes.parsed > 400 && outcomes.refused > 400 && outcomes.rejects > 100)
    }

    @Test("Plivo's give one report or one reject, or are no status callbacks")
    func plivoBodies() throws {
        var generator = SplitMix64(state: 8)
        let token = try #require(Secret("token"))
        let webhook = try #require(PlivoWebhook(.init(baseURLs: ["https://x"], tokens: [token])))
        let seed = try Fixture.bytes("plivo-delivered.form")
        var readable = 0
        var reports: [Report] = []
        for _ in 0..<4000 {
            let callback = ReceivedCallback(
                contentType: "application/x-www-form-urlencoded",
                body: mutated(seed, using: &generator))
            let request = CallbackRequest(
                uri: "/plivo?" + String(decoding: mutated(seed, using: &generator), as: UTF8.self),
                body: callback.body,
                headers: [
                    "X-Plivo-Signature-V3": "gexWqu6JQ21GYsvlAdxn3AtQ9dR5u4RU11yGmST3b/0=",
                    "X-Plivo-Signature-V3-Nonce": "1",
                ])
            #expect(throws: Refusal(.wrongSignature)) { try webhook.authenticate(request) }
            do throws(Malformation) {
                let parsed = try webhook.parse(callback)
                let losses = parsed.rejects.filter { $0.cost != .field }
                #expect(parsed.reports.count + parsed.inbound.count + losses.count == 1)
                #expect(parsed.rejects.count <= 1)
                readable += 1
                reports += parsed.reports
            } catch {
                #expect(error.code == .wrongShape)
            }
        }
        #expect(readable > 400)
        for report in reports { try check(report) }
    }

    /// What the database demands of a report.
    private func check(_ report: Report) throws {
        let texts = [
            report.providerMessageID, report.recipient, report.sender, report.bulkID,
            report.callbackData, report.network, report.attributes, report.price?.currency,
            report.outcome.statusName, report.outcome.errorName,
        ]
        for text in texts.compactMap({ $0 }) { #expect(!text.utf8.contains(0)) }
        #expect((1...200).contains(report.providerMessageID.unicodeScalars.count))
        if let amount = report.price?.amount {
            #expect(amount.wholeMatch(of: /-?[0-9]{1,18}(\.[0-9]{1,18})?/) != nil)
        }
        if let attributes = report.attributes {
            let json = try JSONSerialization.jsonObject(with: Data(attributes.utf8))
            #expect(json is [String: Any])
            // Behind an escaped backslash, `u0000` is only text.
            let escapes = attributes.replacing(#"\\"#, with: "")
            #expect(!escapes.contains(#"\u0000"#))
        }
    }

    private func mutated(
        _ seed: [UInt8], using generator: inout some RandomNumberGenerator
    ) -> [UInt8] {
        let pieces = [
            "0", "1", "9", "-", "e", ".", "\"", "\\", "\\u0000", "\\ud800", "null", "{}", "[]", ",",
            ":", " ", "%00", "%", "&", "=", "+", "\"x\":1,", "\"id\":2,", "T", "Z",
        ]
        var body = seed
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0..<body.count, using: &generator)
            let piece = Array((pieces.randomElement(using: &generator) ?? "").utf8)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: body[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: body.replaceSubrange(place...place, with: piece)
            case 2: body.insert(contentsOf: piece, at: place)
            case 3: body.remove(at: place)
            default:
                // A member or a parameter once more, or one less, by moving a stretch.
                let end = Int.random(in: place..<min(place + 60, body.count), using: &generator)
                let copy = Array(body[place...end])
                body.insert(contentsOf: copy, at: place)
            }
        }
        return body
    }
}
