import Domain
import FastCGI
import Foundation
import Security
import TestSupport
import Testing

@testable import Web

/// Changed texts of clients, from fixed seeds: none crashes, and none is taken for another one's.
@Suite("What clients of streams and lists send back, changed at random")
struct LiveFuzzTests {
    /// Changes a text in up to four places, as lines, proxies and attackers do.
    private static func mutate(
        _ text: [UInt8], _ others: [[UInt8]], using generator: inout SplitMix64
    ) -> [UInt8] {
        var bytes = text
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<9, using: &generator) {
            case 0 where !bytes.isEmpty:
                bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1 where !bytes.isEmpty: bytes[place] = .random(in: 0...255, using: &generator)
            case 2 where !bytes.isEmpty: bytes.remove(at: place)
            case 3: bytes.insert(.random(in: 0...255, using: &generator), at: place)
            case 4: bytes = Array(bytes.prefix(place))
            case 5 where !bytes.isEmpty:
                let end = Int.random(in: place..<bytes.count, using: &generator)
                bytes.insert(contentsOf: bytes[place...end], at: place)
            case 6:
                // The beginning of one and the end of another one.
                if let other = others.randomElement(using: &generator) {
                    bytes = Array(bytes.prefix(place)) + other.dropFirst(place)
                }
            case 7:
                let odd = ["=", "-", "_", "+", "/", " ", "%00", "\0", "é", "9", "0"]
                let piece = odd.randomElement(using: &generator) ?? ""
                bytes.insert(contentsOf: Array(piece.utf8), at: place)
            default:
                let alphabet = Array(
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
                if !bytes.isEmpty {
                    bytes[place] = alphabet.randomElement(using: &generator) ?? 65
                }
            }
        }
        return bytes
    }

    @Test("A ticket is one that was made, or none", arguments: [1, 2, 3, 4] as [UInt64])
    func tickets(seed: UInt64) throws {
        let signer = TicketSigner(FixedSecrets())
        var generator = SplitMix64(state: seed)
        var made: [String: LiveTicket] = [:]
        for number in 0..<40 {
            let time = Samples.time(Int64(number) * 61)
            let subject: LiveTicket.Subject =
                number % 2 == 0 ? .message(.new(at: time)) : .sendRequest(.new(at: time))
            let text = try signer.ticket(for: subject)
            made[text] = try signer.read(text)
            #expect(made[text]?.subject == subject)
        }
        let texts = made.keys.sorted().map { Array($0.utf8) }
        for _ in 0..<2000 {
            let valid = try #require(texts.randomElement(using: &generator))
            let text = String(
                decoding: Self.mutate(valid, texts, using: &generator), as: UTF8.self)
            // Never what nobody has signed: whatever is read is a ticket that was made, in its
            // own spelling.
            let read = try signer.read(text)
            #expect(read == made[text], "seed \(seed): \(text)")
        }
    }

    @Test(
        "A signed ticket of another form is none, whatever its bytes",
        arguments: [5, 6] as [UInt64])
    func signedNonsense(seed: UInt64) throws {
        let secret = try FixedSecrets().secret(for: .ticket)
        let key = try HMACKey(try #require(Secret(secret)))
        let signer = TicketSigner(FixedSecrets())
        var generator = SplitMix64(state: seed)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...40, using: &generator)
            var payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if count > 1, Bool.random(using: &generator) {
                payload[0] = 1
                payload[1] = .random(in: 0...3, using: &generator)
            }
            let text = "wbt_" + Base64.encode(payload + key.code(for: payload), alphabet: .url)
            guard let ticket = try signer.read(text) else { continue }
            #expect(payload.count == 26 && payload[0] == 1 && (1...2).contains(payload[1]))
            // An end that no arithmetic turns into another time.
            #expect(ticket.expiresAt.microseconds >= 0)
        }
    }

    @Test(
        "A cursor is one of this list and filter, or is refused", arguments: [7, 8, 9] as [UInt64])
    func cursors(seed: UInt64) throws {
        let signer = CursorSigner(FixedSecrets())
        var generator = SplitMix64(state: seed)
        let lists = ["messages", "audit", "a", ""]
        let filters = [[], Array("status=sent".utf8), Array("q=1".utf8), [0], [0, 0]] as [[UInt8]]
        var made: [(text: String, position: [UInt8], list: String, filter: [UInt8])] = []
        for _ in 0..<30 {
            let count = Int.random(in: 1...64, using: &generator)
            let position = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let list = lists.randomElement(using: &generator) ?? ""
            let filter = filters.randomElement(using: &generator) ?? []
            let text = try signer.cursor(position, list: list, filter: filter)
            made.append((text, position, list, filter))
            #expect(try signer.position(text, list: list, filter: filter) == position)
        }
        let texts = made.map { Array($0.text.utf8) }
        for _ in 0..<2000 {
            let valid = try #require(made.randomElement(using: &generator))
            let isChanged = Bool.random(using: &generator)
            let bytes =
                isChanged
                ? Self.mutate(Array(valid.text.utf8), texts, using: &generator)
                : Array(valid.text.utf8)
            let text = String(decoding: bytes, as: UTF8.self)
            let list = lists.randomElement(using: &generator) ?? ""
            let filter = filters.randomElement(using: &generator) ?? []
            let expected = made.first { $0.text == text && $0.list == list && $0.filter == filter }
            do {
                let position = try signer.position(text, list: list, filter: filter)
                #expect(position == expected?.position, "seed \(seed): \(text)")
            } catch {
                #expect(expected == nil, "seed \(seed): \(text)")
                #expect(error.status.code == 400 && error.code == "bad_query")
            }
        }
    }

    @Test("A place is digits that are the number, or none", arguments: [10, 11] as [UInt64])
    func places(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let valid = (0..<50).map { _ in
            Array(
                String(Int64.random(in: 0...9_999_999_999_999_999, using: &generator)).utf8)
        }
        for _ in 0..<5000 {
            let one = try #require(valid.randomElement(using: &generator))
            let text = String(
                decoding: Self.mutate(one, valid, using: &generator), as: UTF8.self)
            let isDigits =
                (1...16).contains(text.utf8.count)
                && text.utf8.allSatisfy { (48...57).contains($0) }
            #expect(
                EventText.sequence(text)
                    == (isDigits ? Int64(text) : nil)
                    .map(ChangeSequence.init(rawValue:)), "seed \(seed): \(text)")
        }
    }
}
