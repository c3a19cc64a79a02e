/// The record of an act, or of an attempt that was refused. An act's is written in the transaction
/// of the act, so that neither is ever without the other.
package struct AuditEntry: Sendable, Equatable {
    package let action: Action
    /// The id of the object of the act; for a sign-in that was refused, the address that was given.
    package let object: String
    /// Who did it; nil if nobody knows, as of a sign-in that was refused, and if nobody asked for it.
    package let principal: Submitter?
    /// nginx's id of the request; nil on the command line.
    package let requestID: String?
    /// The IP address that the request came from; nil on the command line.
    package let address: String?
    package let at: Timestamp
    /// Further details; never a secret.
    package let detail: [String: String]
    /// What the act changed, as it was before; never a secret.
    package let before: [String: Value]
    /// The same afterwards.
    package let after: [String: Value]

    /// An act of a principal.
    ///
    /// - Parameters:
    ///   - action: what it did.
    ///   - object: to what, by its id.
    ///   - requester: who, by which request.
    ///   - at: when.
    ///   - detail: what else is worth knowing; no secret.
    ///   - before: what the act changed, as it was; empty for what is new.
    ///   - after: the same as it is now; empty for what is gone.
    package init(
        _ action: Action, of object: some CustomStringConvertible, by requester: Requester,
        at: Timestamp, detail: [String: String] = [:], before: [String: Value] = [:],
        after: [String: Value] = [:]
    ) {
        self.action = action
        self.object = Self.bounded(object)
        principal = Submitter(requester.principal)
        requestID = requester.requestID.map(Self.bounded)
        address = requester.address.map(Self.bounded)
        self.at = at
        self.detail = detail
        self.before = before
        self.after = after
    }

    /// An act of somebody whom nobody knows yet, or of Waybill itself, or whose principal is not at
    /// hand.
    ///
    /// - Parameters:
    ///   - action: what was done or refused.
    ///   - object: to what; see `object`.
    ///   - principal: who, if somebody is known.
    ///   - origin: by which request.
    ///   - at: when.
    ///   - detail: what else is worth knowing; no secret.
    ///   - before: as above.
    ///   - after: as above.
    package init(
        _ action: Action, of object: some CustomStringConvertible, by principal: Submitter? = nil,
        from origin: RequestOrigin, at: Timestamp, detail: [String: String] = [:],
        before: [String: Value] = [:], after: [String: Value] = [:]
    ) {
        self.action = action
        self.object = Self.bounded(object)
        self.principal = principal
        requestID = origin.requestID.map(Self.bounded)
        address = origin.address.map(Self.bounded)
        self.at = at
        self.detail = detail
        self.before = before
        self.after = after
    }

    /// What a client writes must not fill the table, and the database takes no NUL.
    private static func bounded(_ text: some CustomStringConvertible) -> String {
        String(String.UnicodeScalarView(text.description.unicodeScalars.prefix(300)))
            .replacing("\0", with: "\u{FFFD}")
    }

    /// A value before or after an act.
    package enum Value: Sendable, Equatable {
        case text(String?)
        case flag(Bool)
        case time(Timestamp?)
        /// Words without commas, such as scopes.
        case words([String])
    }
}

extension AuditEntry.Value: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(nilLiteral: ()) { self = .text(nil) }
}

/// By which request something came, whoever asks.
package struct RequestOrigin: Sendable, Equatable {
    /// nginx's id of the request; nil on the command line.
    package let requestID: String?
    /// The IP address that the request came from; nil on the command line.
    package let address: String?

    /// Waybill itself: no request.
    package static let none = RequestOrigin(requestID: nil, address: nil)

    package init(requestID: String?, address: String?) {
        self.requestID = requestID
        self.address = address
    }
}
