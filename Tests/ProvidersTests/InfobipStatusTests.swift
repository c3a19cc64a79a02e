import Domain
import Testing

@testable import Providers

@Suite("What Infobip's statuses mean")
struct InfobipStatusTests {
    /// Every row of Infobip's table of general statuses.
    static let table: [(id: Int32, group: Int32, status: Status)] =
        [(0, 0, .accepted)]
        + [3, 7, 26].map { ($0, 1, .sent) }
        + [4, 9, 31, 96, 97, 98].map { ($0, 2, .undeliverable) }
        + [(2, 3, .sent), (5, 3, .delivered), (15, 4, .expired), (29, 4, .expired)]
        + [(87, 4, .expired), (87, 5, .rejected)]
        + [
            6, 8, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 23, 24, 25, 51, 52, 99, 100,
        ].map { ($0, 5, .rejected) }

    static let names = [
        "ACCEPTED", "PENDING", "UNDELIVERABLE", "DELIVERED", "EXPIRED", "REJECTED",
    ]

    @Test("every row of the table, by name, by number, and by id", arguments: table.indices)
    func rows(index: Int) {
        let row = Self.table[index]
        let name = Self.names[Int(row.group)]
        for group in [
            name, name.lowercased(), String(name.prefix(1)) + name.dropFirst().lowercased(),
        ] {
            #expect(Status(infobipGroup: group, groupID: row.group, id: row.id) == row.status)
            #expect(Status(infobipGroup: group, groupID: nil, id: row.id) == row.status)
        }
        #expect(Status(infobipGroup: nil, groupID: row.group, id: row.id) == row.status)
        // 87 is in two groups, so alone it means nothing.
        let alone = row.id == 87 ? Status.unknown : row.status
        #expect(Status(infobipGroup: nil, groupID: nil, id: row.id) == alone)
    }

    /// The names of the table's rows, with the ids that they are.
    static let statusNames: [(String, Int32)] = [
        ("MESSAGE_ACCEPTED", 0), ("PENDING_WAITING_DELIVERY", 3), ("PENDING_ENROUTE", 7),
        ("PENDING_ACCEPTED", 26), ("UNDELIVERABLE_REJECTED_OPERATOR", 4),
        ("UNDELIVERABLE_NOT_DELIVERED", 9), ("UNDELIVERABLE_NOT_SENT", 31), ("NO_ANSWER", 96),
        ("BUSY", 97), ("CANCELLED", 98), ("DELIVERED_TO_OPERATOR", 2),
        ("DELIVERED_TO_HANDSET", 5), ("EXPIRED_EXPIRED", 15), ("EXPIRED_DLR_UNKNOWN", 29),
        ("SIGNALS_BLOCKED", 87), ("REJECTED_NETWORK", 6), ("REJECTED_PREFIX_MISSING", 8),
        ("REJECTED_DND", 10), ("REJECTED_SOURCE", 11), ("REJECTED_NOT_ENOUGH_CREDITS", 12),
        ("REJECTED_SENDER", 13), ("REJECTED_DESTINATION_BLOCKLISTED", 14),
        ("REJECTED_DESTINATION", 14), ("REJECTED_PREPAID_PACKAGE_EXPIRED", 17),
        ("REJECTED_DESTINATION_NOT_REGISTERED", 18), ("REJECTED_ROUTE_NOT_AVAILABLE", 19),
        ("REJECTED_FLOODING_FILTER", 20), ("REJECTED_SYSTEM_ERROR", 21),
        ("REJECTED_DUPLICATE_MESSAGE_ID", 23), ("REJECTED_INVALID_UDH", 24),
        ("REJECTED_MESSAGE_TOO_LONG", 25), ("MISSING_TO", 51), ("REJECTED_DESTINATION", 52),
        ("REJECTED_INVALID_DESTINATION", 52), ("REJECTED", 99),
        ("UNDELIVERABLE_REJECTED_PLATFORM", 100),
    ]

    @Test("if only the name came, it decides the group", arguments: statusNames)
    func names(name: String, id: Int32) throws {
        let byID = Status(infobipGroup: nil, groupID: nil, id: id)
        for word in [name, name.lowercased(), " \(name)\t"] {
            #expect(Status(infobipGroup: nil, groupID: nil, id: nil, name: word) == byID)
            let escaped = word.replacing("\t", with: "\\t")
            let parsed = try parse(
                #"{"results":[{"messageId":"m","status":{"name":"\#(escaped)","groupName":" "}}]}"#)
            #expect(parsed.reports.map(\.status) == [byID])
        }
        // A group that came decides, and so does an id.
        #expect(Status(infobipGroup: "PENDING", groupID: nil, id: nil, name: name) == .sent)
        #expect(Status(infobipGroup: nil, groupID: 9, id: nil, name: name) == .unknown)
        #expect(Status(infobipGroup: nil, groupID: nil, id: 15, name: name) == .expired)
    }

    @Test("a group's own name is accepted as the status's, and an unknown one means nothing")
    func otherNames() {
        #expect(Status(infobipGroup: nil, groupID: nil, id: nil, name: "Delivered") == .delivered)
        #expect(Status(infobipGroup: nil, groupID: nil, id: nil, name: "EXPIRED") == .expired)
        #expect(Status(infobipGroup: nil, groupID: nil, id: nil, name: "NEW") == .unknown)
        #expect(
            Status(infobipGroup: "DELIVERED", groupID: 3, id: nil, name: "DELIVERED_TO_OPERATOR")
                == .sent)
        #expect(
            Status(infobipGroup: nil, groupID: nil, id: 777, name: "DELIVERED_TO_HANDSET")
                == .delivered)
    }

    @Test("a new id follows its group; a known name precedes the number; a new group is unknown")
    func rules() {
        #expect(Status(infobipGroup: "DELIVERED", groupID: 3, id: 777) == .delivered)
        #expect(Status(infobipGroup: "EXPIRED", groupID: 3, id: 5) == .expired)
        #expect(Status(infobipGroup: "NEW", groupID: 5, id: 5) == .rejected)
        #expect(Status(infobipGroup: "NEW", groupID: 9, id: 5) == .unknown)
        #expect(Status(infobipGroup: nil, groupID: 9, id: 5) == .unknown)
        #expect(Status(infobipGroup: "Ok", groupID: 0, id: 0) == .accepted)
        #expect(Status(infobipGroup: nil, groupID: nil, id: 777) == .unknown)
        #expect(Status(infobipGroup: nil, groupID: nil, id: nil) == .unknown)
    }

    @Test(
        "a duplicate of our own id says nothing about the final status; a foreign id is rejected"
    )
    func duplicates() throws {
        func report(_ id: String, _ status: String) throws -> Report {
            let parsed = try parse(#"{"results":[{"messageId":"\#(id)","status":\#(status)}]}"#)
            return try #require(parsed.reports.first)
        }
        let duplicate =
            #"{"groupId":5,"groupName":"REJECTED","id":23,"name":"REJECTED_DUPLICATE_MESSAGE_ID"}"#
        let ours = try report(MessageKeyTests.ours, duplicate)
        #expect(ours.status == .unknown)
        #expect(ours.outcome.statusName == "REJECTED_DUPLICATE_MESSAGE_ID")
        #expect(ours.outcome.statusGroup == "REJECTED" && ours.outcome.statusID == 23)
        #expect(try report(MessageKeyTests.ours, #"{"id":23}"#).status == .unknown)
        let name = #"{"name":"REJECTED_DUPLICATE_MESSAGE_ID"}"#
        #expect(try report(MessageKeyTests.ours, name).status == .unknown)
        #expect(try report("msg-1", name).status == .rejected)
        #expect(try report("msg-1", duplicate).status == .rejected)
        // The group decides what an id means, and all other rejections are final.
        #expect(
            try report(MessageKeyTests.ours, #"{"groupName":"PENDING","id":23}"#).status == .sent)
        #expect(
            try report(MessageKeyTests.ours, #"{"groupName":"REJECTED","id":6}"#).status
                == .rejected)
        // It outranks no final status, whichever comes first.
        for status in [#"{"groupName":"PENDING","id":26}"#, #"{"groupName":"DELIVERED","id":5}"#] {
            #expect(ours.precedence < (try report(MessageKeyTests.ours, status)).precedence)
        }
    }

    @Test(
        "there is an error code unless every member says that there was no error",
        arguments: [
            (#""error":{"groupId":0,"groupName":"OK","id":0,"name":"NO_ERROR"}"#, nil),
            (#""error":{"groupId":0,"groupName":"Ok","id":0}"#, nil),
            (#""error":{"id":0}"#, nil), (#""error":{}"#, nil), (#""error":null"#, nil),
            (#""error":{"groupId":1,"groupName":"HANDSET_ERRORS","id":27}"#, "27"),
            (#""error":{"groupId":1,"id":0}"#, "0"), (#""error":{"id":4102}"#, "4102"),
        ] as [(String, String?)])
    func errorCodes(error: String, code: String?) throws {
        let parsed = try parse(#"{"results":[{"messageId":"m","status":{},\#(error)}]}"#)
        #expect(parsed.rejects.isEmpty)
        #expect(try #require(parsed.reports.first).outcome.errorCode == code)
    }

    @Test("sender, segments and what has no column, of both versions")
    func versions() throws {
        let parsed = try parse(
            #"{"results":[{"messageId":"m","status":{},"from":"a","sender":"b","smsCount":1,"#
                + #""messageCount":2,"mccMnc":"x1","to":null,"entityId":null,"#
                + #""price":{"currency":"EUR","vat":1}}]}"#)
        let report = try #require(parsed.reports.first)
        #expect(report.sender == "b")
        #expect(report.segments == 2)
        #expect(report.network == nil)
        #expect(report.price == nil)
        #expect(
            report.attributes == #"{"mccMnc":"x1","price":{"currency":"EUR","vat":1}}"#)
    }
}
