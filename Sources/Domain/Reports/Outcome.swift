/// A provider's own status and error of a message.
///
/// There are few of them and they repeat with every report, so the database stores each set once,
/// under `id`, and a report refers to it. A class for the same reason: reports share it.
package final class Outcome: Sendable, Equatable {
    package let provider: Provider
    /// Infobip's `status.groupId`; Plivo has none.
    package let statusGroupID: Int32?
    /// Infobip's `status.groupName`; Plivo has none.
    package let statusGroup: String?
    /// Infobip's `status.id`; Plivo has none.
    package let statusID: Int32?
    /// Infobip's `status.name`, Plivo's `Status`.
    package let statusName: String?
    package let statusDescription: String?
    package let errorGroupID: Int32?
    package let errorGroup: String?
    /// Infobip's `error.id` or Plivo's `ErrorCode`, as text; nil where there was no error.
    package let errorCode: String?
    package let errorName: String?
    package let errorDescription: String?
    /// Whether trying again cannot help; nil if the provider does not say.
    package let isPermanent: Bool?
    /// A hash of all of the above, the same in every process.
    package let id: Int64

    package init(
        provider: Provider, statusGroupID: Int32? = nil, statusGroup: String? = nil,
        statusID: Int32? = nil, statusName: String? = nil, statusDescription: String? = nil,
        errorGroupID: Int32? = nil, errorGroup: String? = nil, errorCode: String? = nil,
        errorName: String? = nil, errorDescription: String? = nil, isPermanent: Bool? = nil
    ) {
        self.provider = provider
        self.statusGroupID = statusGroupID
        self.statusGroup = statusGroup
        self.statusID = statusID
        self.statusName = statusName
        self.statusDescription = statusDescription
        self.errorGroupID = errorGroupID
        self.errorGroup = errorGroup
        self.errorCode = errorCode
        self.errorName = errorName
        self.errorDescription = errorDescription
        self.isPermanent = isPermanent
        var hash = Fingerprint()
        hash.add(Int64(provider.code))
        hash.add(statusGroupID.map(Int64.init))
        hash.add(statusGroup)
        hash.add(statusID.map(Int64.init))
        hash.add(statusName)
        hash.add(statusDescription)
        hash.add(errorGroupID.map(Int64.init))
        hash.add(errorGroup)
        hash.add(errorCode)
        hash.add(errorName)
        hash.add(errorDescription)
        hash.add(isPermanent.map { $0 ? 1 : 0 })
        id = hash.value
    }

    package static func == (a: Outcome, b: Outcome) -> Bool {
        a === b
            || a.id == b.id && a.provider == b.provider
                && (a.statusGroupID, a.statusGroup) == (b.statusGroupID, b.statusGroup)
                && (a.statusID, a.statusName) == (b.statusID, b.statusName)
                && a.statusDescription == b.statusDescription
                && (a.errorGroupID, a.errorGroup) == (b.errorGroupID, b.errorGroup)
                && (a.errorCode, a.errorName) == (b.errorCode, b.errorName)
                && a.errorDescription == b.errorDescription && a.isPermanent == b.isPermanent
    }
}
