/// The properties of a provider that hold for every account and every configuration.
///
/// Each kit states its own once, and all other code uses these instead of asking which provider it
/// is. Source: the provider's documents, as the kit says.
package struct ProviderTraits: Sendable, Hashable {
    /// Code, name, and how it names messages.
    package let provider: Provider
    /// The company's spelling of its name, in sentences to people: `Infobip`.
    package let title: String
    /// The field of its callbacks that holds the name of a message: `messageId`.
    package let messageIDField: String
    /// Which of our ids the paths of its callbacks may hold.
    package let callbackPaths: CallbackPaths
    /// Whether messages from people have a path of their own, `…/inbound`; they are taken at the
    /// others too.
    package let hasInboundPath: Bool
    /// How a callback that is not authenticated is refused.
    package let refusal: CallbackRefusal
    /// How long after its first attempt the provider repeats a callback that we refuse.
    package let retryHorizon: Duration
    /// How long after its sending the provider keeps a message's record: a later query means
    /// nothing, whatever the answer.
    package let lookUpHorizon: Duration
    /// What it refuses though other providers accept it.
    package let limits: SendLimits
    /// Its errors that mean that the recipient has opted out.
    package let optOutSigns: OptOutSigns
    /// How it is used unless the settings say otherwise.
    package let usual: UsualSending

    /// - Parameters:
    ///   - provider: code, name, and how it names messages.
    ///   - title: the company's spelling of its name.
    ///   - messageIDField: the field of its callbacks that holds the name of a message.
    ///   - callbackPaths: `plain` unless set.
    ///   - hasInboundPath: false unless set.
    ///   - refusal: `unauthorized` unless set.
    ///   - retryHorizon: how long it repeats a callback that is refused.
    ///   - lookUpHorizon: how long it keeps a message's record.
    ///   - limits: none unless set.
    ///   - optOutSigns: none unless set.
    ///   - usual: how it is used unless the settings say otherwise.
    package init(
        provider: Provider, title: String, messageIDField: String,
        callbackPaths: CallbackPaths = .plain, hasInboundPath: Bool = false,
        refusal: CallbackRefusal = .unauthorized,
        retryHorizon: Duration, lookUpHorizon: Duration, limits: SendLimits = SendLimits(),
        optOutSigns: OptOutSigns = OptOutSigns(), usual: UsualSending
    ) {
        self.provider = provider
        self.title = title
        self.messageIDField = messageIDField
        self.callbackPaths = callbackPaths
        self.hasInboundPath = hasInboundPath
        self.refusal = refusal
        self.retryHorizon = retryHorizon
        self.lookUpHorizon = lookUpHorizon
        self.limits = limits
        self.optOutSigns = optOutSigns
        self.usual = usual
    }
}

/// Which of our ids the path of a provider's callback may hold.
package enum CallbackPaths: Sendable, Hashable {
    /// None: the callback itself names its messages.
    case plain
    /// Also `…/{message}` and the id of a send request: the callback URL is the only place for an
    /// id of ours.
    case withOurIDs
}

/// The status of the answer to a callback that is not authenticated.
package enum CallbackRefusal: Sendable, Hashable {
    /// 401, which must name a scheme that the caller could use: Basic.
    case unauthorized
    /// 403, if the caller can only sign.
    case forbidden
}

/// The limits of a provider for a message; nil for all that we accept.
package struct SendLimits: Sendable, Hashable {
    /// The most digits of a number, its country code among them.
    package let numberDigits: Int?
    /// The most septets of a text in GSM 7-bit.
    package let septets: Int?
    /// The most UTF-16 code units of a text in UCS-2.
    package let codeUnits: Int?
    /// The longest texts in SMS, for a message that another provider was to send.
    package let segments: SegmentLimits?
    /// Whether a sender's name needs a letter.
    package let wantsLetterInName: Bool

    /// No limit unless set.
    package init(
        numberDigits: Int? = nil, septets: Int? = nil, codeUnits: Int? = nil,
        segments: SegmentLimits? = nil, wantsLetterInName: Bool = false
    ) {
        self.numberDigits = numberDigits
        self.septets = septets
        self.codeUnits = codeUnits
        self.segments = segments
        self.wantsLetterInName = wantsLetterInName
    }
}

/// The most SMS that a provider accepts of one text, by its alphabet.
package struct SegmentLimits: Sendable, Hashable {
    package let gsm7: Int
    package let ucs2: Int

    package init(gsm7: Int, ucs2: Int) {
        self.gsm7 = gsm7
        self.ucs2 = ucs2
    }
}

/// How much of a provider is used unless the settings say otherwise.
package struct UsualSending: Sendable, Hashable {
    /// Messages a second; nil for no limit of ours.
    package let rate: Double?
    /// Requests at the same time.
    package let concurrency: Int
    /// Messages in one request.
    package let batch: Int
    /// When the final status of a message is queried, counted from its sending: late enough that
    /// most reports have come, and early enough that the provider still has the message's record.
    package let reconcile: [Duration]

    /// - Parameters:
    ///   - rate: nil for no limit.
    ///   - concurrency: 1 to 64.
    ///   - batch: 1 to 1000.
    ///   - reconcile: ascending.
    package init(rate: Double?, concurrency: Int, batch: Int, reconcile: [Duration]) {
        self.rate = rate
        self.concurrency = concurrency
        self.batch = batch
        self.reconcile = reconcile
    }
}
