package import Domain
import JSON
package import Security

/// Sends through Infobip, by version 2 or 3 of its SMS API, many messages in one request.
///
/// Each message is an entry of its own in `messages[]`, even if several have the same text: an
/// entry has one `callbackData`, and an error in `messages[3]` is then about the fourth message
/// only.
///
/// Our id is the `messageId`. It is what makes sending again safe: Infobip refuses an id that it
/// has seen (status 23). How long it remembers ids is not documented.
/// Source: Infobip's OpenAPI of SMS, "send SMS message" (v2) and "send SMS messages" (v3).
package struct InfobipSending: SendingProvider {
    /// Which of the two requests is made; reports come in the same version's form.
    package enum Version: String, Sendable, CaseIterable {
        /// `POST /sms/2/text/advanced`.
        case v2
        /// `POST /sms/3/messages`.
        case v3
    }

    /// The account, and how it is used.
    package struct Settings: Sendable {
        package var version: Version
        /// `https://xxxxx.api.infobip.com`, the account's own address; `https` if it has no scheme.
        package var baseURL: String
        /// A key that may send messages and read logs.
        package var apiKey: Secret
        /// Where reports go, as JSON, with the token that authenticates them (see
        /// `InfobipWebhook.callbackURL`); nil leaves it to the account's subscriptions.
        package var callbackURL: String?
        /// Whether reports that are not final are wanted too.
        package var wantsIntermediateReports: Bool
        /// The most messages in one request.
        package var batchLimit: Int

        /// - Parameters:
        ///   - version: `v3` unless set.
        ///   - baseURL: the account's own address.
        ///   - apiKey: as Infobip shows it, without the word `App`.
        ///   - callbackURL: nil unless set.
        ///   - wantsIntermediateReports: false unless set.
        ///   - batchLimit: 1 to 1000; what is outside counts as the nearer end.
        package init(
            version: Version = .v3, baseURL: String, apiKey: Secret, callbackURL: String? = nil,
            wantsIntermediateReports: Bool = false, batchLimit: Int = 1000
        ) {
            self.version = version
            self.baseURL = baseURL
            self.apiKey = apiKey
            self.callbackURL = callbackURL
            self.wantsIntermediateReports = wantsIntermediateReports
            self.batchLimit = batchLimit
        }
    }

    /// Infobip.
    package let provider = Provider.infobip
    /// Infobip documents no bound; 1000 is ours.
    package let batchLimit: Int
    /// Short, because a message that is sent again although Infobip has it is refused for its id.
    package let settleDelay = Duration.seconds(10)
    /// 120 are allowed; some are left for other callers.
    package let lookUpsPerMinute = 100
    package var lookUpHorizon: Duration { ProviderTraits.infobip.lookUpHorizon }

    let settings: Settings
    private let baseURL: String

    /// - Parameter settings: the account, and how it is used.
    package init(_ settings: Settings) {
        self.settings = settings
        batchLimit = min(max(settings.batchLimit, 1), 1000)
        baseURL = URLText.base(settings.baseURL)
    }

    /// As many as stay well under 1 MB, a size that Infobip is known to accept.
    package func batchCount(of messages: [OutgoingMessage]) -> Int {
        var byteCount = 0
        for (index, message) in messages.prefix(batchLimit).enumerated() {
            byteCount += estimatedByteCount(of: message)
            if index > 0, byteCount > Self.byteLimit { return index }
        }
        return min(messages.count, batchLimit)
    }

    private static let byteLimit = 800_000

    private func estimatedByteCount(of message: OutgoingMessage) -> Int {
        400 + message.text.utf8.count + (message.callbackData?.utf8.count ?? 0)
            + (settings.callbackURL?.utf8.count ?? 0)
    }

    /// `POST /sms/2/text/advanced` or `POST /sms/3/messages`.
    package func sendRequest(_ messages: [OutgoingMessage]) -> ProviderRequest {
        precondition((1...batchLimit).contains(messages.count), "1 to `batchLimit` messages")
        switch settings.version {
        case .v2: return post("/sms/2/text/advanced", bodyV2(messages))
        case .v3: return post("/sms/3/messages", bodyV3(messages))
        }
    }

    private func post(_ path: String, _ body: [UInt8]) -> ProviderRequest {
        ProviderRequest(
            method: "POST", url: baseURL + path,
            headers: headers + [("Content-Type", "application/json")], body: body)
    }

    func get(_ path: String, query: String) -> ProviderRequest {
        ProviderRequest(method: "GET", url: baseURL + path + "?" + query, headers: headers)
    }

    private var headers: [(name: String, value: String)] {
        let key = settings.apiKey.withBytes { String(decoding: $0, as: UTF8.self) }
        // Some of Infobip's endpoints answer in XML by default.
        return [("Authorization", "App " + key), ("Accept", "application/json")]
    }
}

extension InfobipSending.Settings: CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Not the callbacks' URL, which may hold a secret.
    package var description: String { "Infobip \(version.rawValue) at \(baseURL)" }
    /// Not the callbacks' URL, which may hold a secret.
    package var debugDescription: String { description }
    /// No children: `dump` and test failures would print the URL otherwise.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
