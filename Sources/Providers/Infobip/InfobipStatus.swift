import Domain

/// Infobip's status groups, and what they mean for a message.
///
/// Source: Infobip's "Response status and error codes" and the enumeration of `status.groupName` in
/// the OpenAPI of SMS v3.
enum InfobipStatusGroup: Int32 {
    case accepted = 0
    case pending = 1
    case undeliverable = 2
    case delivered = 3
    case expired = 4
    case rejected = 5

    /// - Parameter name: in any case; group 0 is also written `OK`.
    init?(name: String) {
        switch Word.normalized(name) {
        case "ACCEPTED", "OK": self = .accepted
        case "PENDING": self = .pending
        case "UNDELIVERABLE": self = .undeliverable
        case "DELIVERED": self = .delivered
        case "EXPIRED": self = .expired
        case "REJECTED": self = .rejected
        default: return nil
        }
    }

    /// The group of a general status's name, for a report that names neither group nor id.
    init?(ofStatusName name: String) {
        let id = InfobipStatusName.id(of: name)
        guard let group = id.flatMap({ Self(ofStatusID: $0) }) ?? Self(name: name) else {
            return nil
        }
        self = group
    }

    /// The group of a general status, for a report that names none.
    ///
    /// 87 is in two groups (expired, rejected), so that the id alone says nothing.
    init?(ofStatusID id: Int32) {
        switch id {
        case 0: self = .accepted
        case 3, 7, 26: self = .pending
        case 4, 9, 31, 96, 97, 98: self = .undeliverable
        case 2, 5: self = .delivered
        case 15, 29: self = .expired
        case 6, 8, 10...14, 17...21, 23...25, 51, 52, 99, 100: self = .rejected
        default: return nil
        }
    }
}

extension Status {
    /// The meaning of a provider status.
    ///
    /// A known group name decides, because version 3 enumerates the names; then the group's number;
    /// then the status's own id, and at last its name. An unknown group is `unknown`, which is not
    /// final: a guess could hide the message's real final status.
    init(infobipGroup groupName: String?, groupID: Int32?, id: Int32?, name: String? = nil) {
        let groupName = groupName.flatMap { Word.normalized($0).isEmpty ? nil : $0 }
        let group: InfobipStatusGroup? =
            if groupName == nil, groupID == nil {
                id.flatMap { InfobipStatusGroup(ofStatusID: $0) }
                    ?? name.flatMap { InfobipStatusGroup(ofStatusName: $0) }
            } else {
                groupName.flatMap { InfobipStatusGroup(name: $0) }
                    ?? groupID.flatMap { InfobipStatusGroup(rawValue: $0) }
            }
        let id = id ?? name.flatMap { InfobipStatusName.id(of: $0) }
        switch group {
        case .accepted: self = .accepted
        case .pending: self = .sent
        case .undeliverable: self = .undeliverable
        // DELIVERED_TO_OPERATOR: a receipt from the phone, or a failure, may still follow.
        case .delivered: self = id == 2 ? .sent : .delivered
        case .expired: self = .expired
        case .rejected: self = .rejected
        case nil: self = .unknown
        }
    }
}

extension Outcome {
    /// Whether Infobip refused an attempt because it has the message's id from an earlier one
    /// (REJECTED_DUPLICATE_MESSAGE_ID). For a message of ours, whose id nobody else uses, that says
    /// nothing about its final status: the earlier attempt has it.
    var isInfobipDuplicate: Bool {
        guard (statusID ?? statusName.flatMap { InfobipStatusName.id(of: $0) }) == 23 else {
            return false
        }
        return Status(
            infobipGroup: statusGroup, groupID: statusGroupID, id: statusID, name: statusName)
            == .rejected
    }
}
