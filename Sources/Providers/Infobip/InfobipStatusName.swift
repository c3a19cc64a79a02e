/// The names of Infobip's general statuses.
///
/// Source: Infobip's "Response status and error codes", all 34 rows, with the older names of 0, 14
/// and 52.
enum InfobipStatusName {
    /// The id of a name, in whatever case; nil for one that is not in the table.
    static func id(of name: String) -> Int32? { ids[Word.normalized(name)] }

    private static let ids: [String: Int32] = [
        "MESSAGE_ACCEPTED": 0, "PENDING_WAITING_DELIVERY": 3, "PENDING_ENROUTE": 7,
        "PENDING_ACCEPTED": 26, "UNDELIVERABLE_REJECTED_OPERATOR": 4,
        "UNDELIVERABLE_NOT_DELIVERED": 9, "UNDELIVERABLE_NOT_SENT": 31, "NO_ANSWER": 96,
        "BUSY": 97, "CANCELLED": 98, "DELIVERED_TO_OPERATOR": 2, "DELIVERED_TO_HANDSET": 5,
        "EXPIRED_EXPIRED": 15, "EXPIRED_DLR_UNKNOWN": 29, "SIGNALS_BLOCKED": 87,
        "REJECTED_NETWORK": 6, "REJECTED_PREFIX_MISSING": 8, "REJECTED_DND": 10,
        "REJECTED_SOURCE": 11, "REJECTED_NOT_ENOUGH_CREDITS": 12, "REJECTED_SENDER": 13,
        "REJECTED_DESTINATION_BLOCKLISTED": 14, "REJECTED_PREPAID_PACKAGE_EXPIRED": 17,
        "REJECTED_DESTINATION_NOT_REGISTERED": 18, "REJECTED_ROUTE_NOT_AVAILABLE": 19,
        "REJECTED_FLOODING_FILTER": 20, "REJECTED_SYSTEM_ERROR": 21,
        "REJECTED_DUPLICATE_MESSAGE_ID": 23, "REJECTED_INVALID_UDH": 24,
        "REJECTED_MESSAGE_TOO_LONG": 25, "MISSING_TO": 51, "REJECTED_DESTINATION": 52,
        "REJECTED_INVALID_DESTINATION": 52, "REJECTED": 99,
        "UNDELIVERABLE_REJECTED_PLATFORM": 100,
    ]
}
