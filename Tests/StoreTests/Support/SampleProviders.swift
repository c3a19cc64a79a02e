import Domain

/// Two providers for tests: one takes our ids, the other has its own.
extension Provider {
    static let infobip = Provider(code: 1, name: "infobip", messageNames: .ours)
    static let plivo = Provider(code: 2, name: "plivo", messageNames: .itsUUIDs)
    static let samples = [Provider.infobip, .plivo]
}
