import Domain
import Testing

@testable import Providers

@Suite("What providers' errors mean")
struct ErrorMeaningTests {
    /// Infobip's 146 general codes, as its page lists them.
    private static let infobip = """
        1 9 11 12 565 573 628 629 2 5 6 7 8 13 21 27 31 32 33 34 35 36 255 256 257 258 259 260 261 \
        262 500 502 503 504 507 508 509 581 1024 1025 1026 1027 1028 1029 1030 1031 1152 1153 1154 \
        1155 1156 1157 1158 1159 1160 1161 1162 1163 1164 1165 1166 1281 1282 1283 1284 1536 1537 \
        1538 1539 1540 1541 1792 1793 1794 1795 1796 323 352 355 368 433 572 577 578 579 580 594 597 \
        598 601 603 604 607 609 2049 2052 2053 3041 4096 4099 4100 4101 4102 4103 4104 4202 351 541 \
        542 608 10 51 345 375 488 560 561 562 563 564 566 568 569 574 592 630 631 632 633 810 811 \
        815 2050 5492 15 20 24 71 501 571 2048 2051 4097 4098
        """.split(separator: " ").map(String.init)

    private static func outcome(
        _ provider: Provider, error: String? = nil, status: Int32? = nil
    ) -> Outcome {
        Outcome(provider: provider, statusID: status, errorCode: error)
    }

    @Test("every error that Infobip lists is explained")
    func explainsInfobip() {
        let errors = InfobipKit().errors
        let provider = InfobipKit().provider
        for code in Self.infobip {
            #expect(errors.meaning(of: Self.outcome(provider, error: code)) != nil, "\(code)")
        }
        #expect(errors.meaning(of: Self.outcome(provider, error: "0")) == nil)
        #expect(errors.meaning(of: Self.outcome(provider, error: "99999")) == nil)
    }

    @Test(
        "a status of Infobip's that failed is explained where it comes without an error",
        arguments: [
            4, 9, 31, 96, 97, 98, 15, 29, 87, 6, 8, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 23, 24,
            25, 51, 52, 99, 100,
        ] as [Int32])
    func explainsStatuses(status: Int32) {
        let meaning = InfobipKit().errors.meaning(
            of: Self.outcome(InfobipKit().provider, status: status))
        #expect(meaning != nil)
    }

    @Test("the error counts before the status")
    func errorGoesFirst() {
        let outcome = Self.outcome(InfobipKit().provider, error: "27", status: 9)
        #expect(InfobipKit().errors.meaning(of: outcome)?.retry == .later)
        let unsaid = Self.outcome(InfobipKit().provider, error: "0", status: 12)
        #expect(InfobipKit().errors.meaning(of: unsaid)?.retry == .afterChange)
    }

    @Test("every error of Plivo's table is explained, and no other")
    func explainsPlivo() {
        #expect(Set(PlivoErrors.table.keys) == Set(PlivoErrorCode.all.map(\.code)))
    }

    @Test("who opted out is never written to again, and a failing network is tried later")
    func judgesRetries() {
        let plivo = PlivoKit().provider
        let infobip = InfobipKit().provider
        #expect(PlivoKit().errors.meaning(of: Self.outcome(plivo, error: "200"))?.retry == .no)
        #expect(PlivoKit().errors.meaning(of: Self.outcome(plivo, error: "20"))?.retry == .later)
        #expect(InfobipKit().errors.meaning(of: Self.outcome(infobip, error: "603"))?.retry == .no)
        #expect(
            InfobipKit().errors.meaning(of: Self.outcome(infobip, error: "500"))?.retry == .later)
    }

    @Test("meanings are sentences")
    func areSentences() {
        let all = InfobipErrorFamily.all.map(\.meaning) + Array(PlivoErrors.table.values)
        for meaning in all {
            #expect(meaning.meaning.hasSuffix(".") && meaning.advice.hasSuffix("."))
        }
    }
}
