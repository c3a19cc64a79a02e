extension AuditEntry {
    /// The act, by its name in the database and the API: what it was done to, and what was done.
    package enum Action: String, Sendable, CaseIterable {
        case createKey = "key.create"
        /// A key got a new secret.
        case rotateKey = "key.rotate"
        case revokeKey = "key.revoke"

        /// A send request was accepted; its object is the send request's id.
        case sendMessages = "message.send"
        case cancelMessage = "message.cancel"
        /// A message that was given up was queued again.
        case retryMessage = "message.retry"
        /// The same of all that a filter found, in a portion; the details have the filter.
        case retryMessages = "message.retry_all"
        /// Numbers were put out by an operator; its object is the first entry's id.
        case addOptOut = "opt_out.add"
        /// An operator lifted an opt-out.
        case liftOptOut = "opt_out.lift"
        /// A list of opt-outs was imported.
        case importOptOuts = "opt_out.import"
        /// A quarantined callback was replayed; its object is the row's id.
        case replayCallback = "quarantine.replay"
        /// The same of all that a filter found, in a portion; the details have the filter.
        case replayCallbacks = "quarantine.replay_all"
        /// A row of the quarantine was deleted.
        case deleteQuarantined = "quarantine.delete"
        /// Archived callbacks were read again; the details say which.
        case replayArchive = "archive.replay"
        /// Statuses and counts were worked out again from the ledger.
        case rebuildLedger = "ledger.rebuild"
        /// All that is kept of a number was erased; its object is the number's digest.
        case eraseNumber = "number.erase"

        case createWebhook = "webhook.create"
        case changeWebhook = "webhook.change"
        case deleteWebhook = "webhook.delete"
        /// A webhook got a new secret; the old one ends after a while.
        case rotateWebhook = "webhook.rotate"
        case pauseWebhook = "webhook.pause"
        /// A webhook that was paused or disabled is sent to again.
        case resumeWebhook = "webhook.resume"
        /// A webhook was disabled, because all that was sent to it failed.
        case disableWebhook = "webhook.disable"
        case testWebhook = "webhook.test"
        /// A delivery was queued again; its object is the webhook.
        case resendDelivery = "webhook.resend"
        /// The same of all that a filter found, in a portion; the details have the filter.
        case resendDeliveries = "webhook.resend_all"

        /// Somebody signed in; its object is the session, or with single sign-on the user.
        case signIn = "session.create"
        /// Somebody tried to sign in and was refused; its object is the address that was given.
        case refuseSignIn = "session.refuse"
        /// Somebody ended a session of their own.
        case signOut = "session.end"
        /// All sessions of a user were ended.
        case endSessions = "user.end_sessions"

        case createUser = "user.create"
        /// A user's name or address.
        case changeUser = "user.change"
        case changeRole = "user.role"
        case disableUser = "user.disable"
        case enableUser = "user.enable"
        /// A user got a new one-time link; the old password is void.
        case resetUser = "user.reset"
        /// An account was brought from another system, with its hash.
        case importUser = "user.import"
        /// A user chose a password, by a link or with the old one.
        case setPassword = "user.password"
        case turnTOTPOn = "user.totp_on"
        case turnTOTPOff = "user.totp_off"
        /// A user got new recovery codes.
        case renewRecoveryCodes = "user.recovery_codes"

        /// A request of a known principal was refused for lack of rights.
        case refuseRequest = "request.refuse"
        /// So many refusals have no entry of their own: there were too many of them in an hour.
        case omitRefusals = "audit.omit"
    }
}
