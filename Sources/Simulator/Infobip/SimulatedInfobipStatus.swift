import JSON

/// A status of Infobip's, as its answers, reports and logs show it. Source: providers.md, A.3.
struct SimulatedInfobipStatus: Sendable {
    let groupID: Int
    let groupName: String
    let id: Int
    let name: String
    let description: String

    private init(_ groupID: Int, _ groupName: String, _ id: Int, _ name: String, _ text: String) {
        self.groupID = groupID
        self.groupName = groupName
        self.id = id
        self.name = name
        description = text
    }

    static let accepted = SimulatedInfobipStatus(
        1, "PENDING", 26, "PENDING_ACCEPTED", "Message sent to next instance")
    static let waiting = SimulatedInfobipStatus(
        1, "PENDING", 3, "PENDING_WAITING_DELIVERY", "Message sent, waiting for delivery report")
    static let duplicate = SimulatedInfobipStatus(
        5, "REJECTED", 23, "REJECTED_DUPLICATE_MESSAGE_ID", "Duplicate messageId")
    static let tooLong = SimulatedInfobipStatus(
        5, "REJECTED", 25, "REJECTED_MESSAGE_TOO_LONG", "Message text too long")
    static let invalidDestination = SimulatedInfobipStatus(
        5, "REJECTED", 52, "REJECTED_DESTINATION", "Invalid destination address")
    static let noCredit = SimulatedInfobipStatus(
        5, "REJECTED", 12, "REJECTED_NOT_ENOUGH_CREDITS", "Not enough credits")

    /// The final status of a message, or that of an earlier stage.
    init(_ finalStatus: FinalStatus, _ stage: Stage) {
        self =
            switch (stage, finalStatus) {
            case (.sent, .stuck), (.done, .stuck):
                SimulatedInfobipStatus(
                    3, "DELIVERED", 2, "DELIVERED_TO_OPERATOR", "Message delivered to operator")
            case (.accepted, _): .accepted
            case (.sent, _): .waiting
            case (.done, .delivered):
                SimulatedInfobipStatus(
                    3, "DELIVERED", 5, "DELIVERED_TO_HANDSET", "Message delivered to handset")
            case (.done, .undeliverable), (.done, .absent):
                SimulatedInfobipStatus(
                    2, "UNDELIVERABLE", 9, "UNDELIVERABLE_NOT_DELIVERED",
                    "Message sent not delivered")
            case (.done, .expired):
                SimulatedInfobipStatus(4, "EXPIRED", 15, "EXPIRED_EXPIRED", "Message expired")
            case (.done, .finalStatusUnknown):
                SimulatedInfobipStatus(
                    4, "EXPIRED", 29, "EXPIRED_DLR_UNKNOWN", "Delivery report unknown")
            case (.done, .rejected):
                SimulatedInfobipStatus(
                    5, "REJECTED", 19, "REJECTED_ROUTE_NOT_AVAILABLE", "Route not available")
            case (.done, .optedOut):
                SimulatedInfobipStatus(
                    5, "REJECTED", 10, "REJECTED_DND", "Destination on do-not-disturb")
            case (.done, .outOfCredit): .noCredit
            case (.done, .spam):
                SimulatedInfobipStatus(
                    2, "UNDELIVERABLE", 4, "UNDELIVERABLE_REJECTED_OPERATOR",
                    "Message rejected by operator")
            }
    }

    func write(to json: inout JSONWriter) {
        json.object("status") {
            $0.member("groupId", groupID)
            $0.member("groupName", groupName)
            $0.member("id", id)
            $0.member("name", name)
            $0.member("description", description)
        }
    }
}

/// The `error` of a report. Source: providers.md, A.3.
struct SimulatedInfobipError: Sendable {
    let groupID: Int
    let id: Int
    let name: String
    let description: String
    let isPermanent: Bool

    private init(_ groupID: Int, _ id: Int, _ name: String, _ text: String, _ isPermanent: Bool) {
        self.groupID = groupID
        self.id = id
        self.name = name
        description = text
        self.isPermanent = isPermanent
    }

    private static let none = SimulatedInfobipError(0, 0, "NO_ERROR", "No Error", false)

    init(_ finalStatus: FinalStatus, _ stage: Stage) {
        guard stage == .done else {
            self = .none
            return
        }
        self =
            switch finalStatus {
            case .delivered, .stuck, .rejected, .outOfCredit, .finalStatusUnknown: .none
            case .undeliverable:
                SimulatedInfobipError(1, 1, "EC_UNKNOWN_SUBSCRIBER", "Unknown Subscriber", true)
            case .absent:
                SimulatedInfobipError(1, 27, "EC_ABSENT_SUBSCRIBER", "Absent Subscriber", false)
            case .expired:
                SimulatedInfobipError(2, 4101, "EC_VALIDITY_EXPIRED", "Validity expired", true)
            case .optedOut:
                SimulatedInfobipError(2, 603, "EC_CONTENT_BLOCKED", "Content blocked", true)
            case .spam:
                SimulatedInfobipError(
                    2, 607, "EC_REJECTED_SPAM_BY_OPERATOR", "Rejected as spam by operator", true)
            }
    }

    /// Version 2 spells the name of group 0 differently.
    func write(to json: inout JSONWriter, isV3: Bool) {
        let names = [isV3 ? "OK" : "Ok", "HANDSET_ERRORS", "USER_ERRORS", "OPERATOR_ERRORS"]
        json.object("error") {
            $0.member("groupId", groupID)
            $0.member("groupName", names[groupID])
            $0.member("id", id)
            $0.member("name", name)
            $0.member("description", description)
            $0.member("permanent", isPermanent)
        }
    }
}
