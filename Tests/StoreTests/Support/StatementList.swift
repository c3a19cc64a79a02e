import Postgres

@testable import Store

/// A part of the module, and the statements that it runs.
struct StatementUser: Sendable {
    /// The only files that make these statements.
    let files: Set<String>
    let statements: [any (Statement & SendableMetatype).Type]
}

/// Which role runs which statement. The rights of the database's roles are compared with it.
enum StatementList {
    /// All that a role runs.
    static func users(of role: DatabaseRole) -> [StatementUser] {
        switch role {
        case .responder:
            [
                health, processes, queries, writer, replays, inbound, optOuts, messages, search,
                signing, changes,
                live, queue, sendingStates, deadLetters, quarantine, release, fold,
                archiveReader, notifier, keys, audit, people, maintenance, statistics, folder,
                webhookEvents, webhooks, drift,
            ]
        case .dispatcher: [health, processes, queries, writer, outbox, inboundIndex, notifier]
        case .deliverer: [health, processes, queries, webhookQueue]
        default: []
        }
    }

    /// The same without the migrations' own.
    static let all = DatabaseRole.all.flatMap(users) + ofOwner

    /// Run by the role that owns everything.
    static let ofOwner = [migrator, archive, repair, eraser]

    static func statements(of role: DatabaseRole) -> [any Statement.Type] {
        users(of: role).flatMap(\.statements)
    }

    static let health = StatementUser(
        files: ["DatabaseHealth.swift"],
        statements: [
            SelectSchemaVersion.self, SelectWriteRefusal.self, SelectDurability.self,
            SelectMissingRights.self,
        ])

    static let processes = StatementUser(
        files: ["ProcessStore.swift"],
        statements: [
            UpsertProcess.self, DeleteProcess.self, SelectProcesses.self, CommitLazily.self,
        ])

    /// The other statements that they run.
    static let queries = StatementUser(
        files: ["Queries.swift", "CommitDoubt.swift"], statements: [SelectHeldSessions.self])

    static let writer = StatementUser(
        files: [
            "Committer.swift", "Committer+Bisection.swift", "Committer+Parts.swift",
            "Committer+SendRequests.swift", "Committer+Retention.swift",
        ],
        statements: [
            ArchiveCallbacks.self, UpsertOutcomes.self, RecordReports.self, RecordNewReports.self,
            TallyReports.self,
            UpsertMessageStatus.self, AddNewMessages.self, NoteNewMessages.self,
            QuarantineRejects.self,
            PreferIndexes.self, SelectSupposed.self, SelectSendRequestMessages.self,
            SelectPartReports.self, SettleMessages.self, SelectHeldMessages.self,
            LimitLockWait.self, WaitForStandby.self, CommitLazily.self, HoldRetention.self,
            ReleaseRetention.self, SelectLedgerFloor.self, SelectKnownMessages.self,
            RecordInbound.self, RecordOptOuts.self,
        ])

    /// The responder's alone: no other role may read the quarantine.
    static let release = StatementUser(
        files: ["Committer.swift"], statements: [ReleaseQuarantined.self])

    /// The dispatcher's, which looks for lost ones.
    static let inboundIndex = StatementUser(
        files: ["InboundStore.swift"], statements: [SelectKnownInbound.self])

    static let optOuts = StatementUser(
        files: ["OptOutStore.swift"],
        statements: [
            SelectOptOuts.self, SelectOptOutsOf.self, SelectOptOutHistory.self,
            SelectOneOptOut.self, RecordOptOuts.self, InsertAuditEntry.self, PlanAnew.self,
            WaitForStandby.self,
        ])

    static let inbound = StatementUser(
        files: ["InboundStore.swift", "InboundFollower.swift", "InboundReplies.swift"],
        statements: [
            SelectInbound.self, SelectSomeInbound.self, SelectKnownInbound.self,
            SelectConversation.self,
            SelectUnfollowed.self, SelectAnswered.self, MarkFollowed.self,
            EnqueueInboundEvents.self,
            SelectOptOutHistory.self, AcceptSendRequest.self, InsertSendEntry.self,
            SearchSettings.self, PlanForValues.self, LimitStatementTime.self,
        ])

    static let quarantine = StatementUser(
        files: ["QuarantineStore.swift"],
        statements: [
            SelectQuarantine.self, CountQuarantine.self, SelectQuarantinedPart.self,
            SelectQuarantinedCallbacks.self, SelectQuarantinedBody.self,
            SelectCallbackParts.self, DeleteQuarantined.self, SelectCallback.self,
            InsertAuditEntry.self, PlanAnew.self,
        ])

    static let archiveReader = StatementUser(
        files: ["ArchiveReader.swift"],
        statements: [
            SelectArchive.self, SelectArchivedCallbacks.self, SelectPartsOfCallbacks.self,
            SelectKnownReports.self, SelectLedgerCallbacks.self, LimitStatementTime.self,
            PlanAnew.self,
        ])

    /// Run by the role that owns everything.
    static let eraser = StatementUser(
        files: ["NumberEraser.swift"],
        statements: [
            SelectQueuedTo.self, EraseMessages.self, EmptySendRequests.self, CountMessagesTo.self,
            EraseTexts.self, EraseInbound.self, EraseDeliveries.self, EraseCallbacks.self,
            SelectOldestPartition.self,
            InsertAuditEntry.self, LimitStatementTime.self,
        ])

    /// Only looks; with `repair` it mends, too.
    static let fold = StatementUser(
        files: ["LedgerFold.swift"],
        statements: [
            SelectFoldMessages.self, SelectFoldReports.self, SelectFoldEvents.self,
            EstimateMessages.self, RecountTally.self, RecountStatistics.self,
            SelectHourBefore.self, LimitStatementTime.self,
        ])

    /// Run by the role that owns everything.
    static let repair = StatementUser(
        files: ["LedgerFold.swift"], statements: [UpdatePrecedences.self, ApplyFold.self])

    /// The responder's writer alone.
    static let replays = StatementUser(
        files: ["Committer+Replays.swift"],
        statements: [PreferIndexes.self, SelectReportCallbacks.self, SelectArchivedIDs.self])

    static let messages = StatementUser(
        files: ["MessageStore.swift"],
        statements: [
            SelectMessage.self, SelectMessageByProviderID.self, SelectReports.self,
            SelectEvents.self, SelectListedMessages.self, SelectListedReports.self,
            SelectArchivedCallback.self, SearchSettings.self,
        ])

    static let search = StatementUser(
        files: ["SearchRun.swift", "SearchPlan.swift", "SearchHours.swift"],
        statements: [
            SearchSettings.self, SearchAlongTime.self, SearchByNumber.self, SearchByID.self,
            SelectSubmittersRequests.self, SelectTermsRequests.self, SelectTerms.self,
            SelectOutcomesByCode.self, SelectSubmittersByName.self, SelectTargets.self,
            SelectNumberPresence.self, SelectSearchHours.self, SelectFirstCountedHour.self,
        ])

    static let signing = StatementUser(
        files: ["SigningSecretStore.swift"], statements: [SelectSigningSecret.self])

    static let changes = StatementUser(
        files: ["ChangeLog.swift"],
        statements: [SelectSettledChanges.self, SelectChanges.self, SelectLatestChange.self])

    static let live = StatementUser(
        files: ["LiveStore.swift", "StreamReaderStore.swift"],
        statements: [
            SelectMessagesOfRequest.self, SelectSomeInbound.self, SelectChangesBefore.self,
            SelectSettledChanges.self,
            SelectReadingKeys.self, SelectReadingSessions.self,
        ])

    static let queue = StatementUser(
        files: ["SendQueue.swift"],
        statements: [
            AcceptSendRequest.self, EnsureMessageWebhook.self, SelectOptOutsOf.self,
            ClaimKey.self, SelectKey.self,
            KeepAnswers.self,
            CancelMessage.self, SelectOwnStatus.self, SelectSendStates.self, PlanAnew.self,
            WaitForStandby.self, InsertAuditEntry.self, InsertSendEntry.self,
        ])

    static let deadLetters = StatementUser(
        files: ["DeadLetterStore.swift"],
        statements: [
            SelectDeadLetters.self, CountDeadLetters.self, SelectRetriable.self,
            SelectRetryRefusal.self, RetryMessages.self, InsertAuditEntry.self, PlanAnew.self,
        ])

    static let statistics = StatementUser(
        files: ["StatisticsStore.swift"],
        statements: [
            SelectStatistics.self, SelectErrorCounts.self, SelectOutcomes.self,
            SelectSubmitters.self,
        ])

    static let folder = StatementUser(
        files: ["StatisticsFolder.swift"],
        statements: [
            FoldStatistics.self, RecountNextHour.self, RecountStatistics.self,
            LimitStatementTime.self, CommitLazily.self,
        ])

    static let sendingStates = StatementUser(
        files: ["SendingStates.swift"], statements: [SelectSendingStates.self, PlanAnew.self])

    static let notifier = StatementUser(
        files: ["PostgresNotifier.swift"], statements: [SendNotification.self])

    static let keys = StatementUser(
        files: ["APIKeys.swift"],
        statements: [
            SelectAPIKey.self, SelectEndedKey.self, TouchAPIKey.self, InsertAPIKey.self,
            SelectAPIKeys.self,
            LockAPIKey.self, ReplaceSecret.self, RevokeAPIKey.self, RevokeAPIKeyByID.self,
            SelectKeyName.self, InsertAuditEntry.self,
            CommitLazily.self,
        ])

    static let audit = StatementUser(
        files: ["AuditLog.swift"],
        statements: [
            SelectAudit.self, InsertAuditEntry.self, PlanAnew.self, CommitLazily.self,
        ])

    static let people = StatementUser(
        files: [
            "PeopleStore.swift", "PeopleStore+Users.swift", "PeopleStore+Credentials.swift",
            "PeopleStore+Accounts.swift", "PeopleStore+SingleSignOn.swift",
        ],
        statements: [
            SelectUsers.self, SelectCredentials.self, LockUser.self, LockRights.self,
            SelectAdmins.self,
            InsertUser.self, UpdateUser.self, SetPasswordHash.self, SetPasswordLink.self,
            TakePasswordLink.self, DeletePasswordLink.self, ProposeTOTP.self, SetTOTP.self,
            UseTOTPStep.self, UseRecoveryCode.self, DeleteRecoveryCodes.self,
            InsertRecoveryCodes.self, LockFailures.self, NoteTold.self, CountFailures.self,
            DelaySignIn.self,
            DeleteFailures.self, DeleteFailuresOfUser.self, SelectSession.self,
            SelectSessions.self, TouchSession.self, InsertSession.self, NoteSignIn.self,
            DeleteSurplusSessions.self, SetSessionToken.self, RenewSessionToken.self,
            DeleteSession.self, DeleteSessions.self, InsertAuditEntry.self, CommitLazily.self,
        ])

    static let maintenance = StatementUser(
        files: ["Maintenance.swift"],
        statements: [
            AddArchivePartition.self, DropArchivePartition.self, DropOldCallbacks.self,
            DropOldQuarantine.self, MeasureQuarantine.self, CutQuarantine.self, DropOldKeys.self,
            DropOldChanges.self, DropOldStatistics.self, DropOldDeliveries.self,
            DropOldTraffic.self,
            DropExpiredSessions.self,
            DropExpiredLinks.self, DropOldFailures.self, DropOldEvents.self,
            DropOldDeadLetters.self,
            DropOldSendRequests.self, MoveLedgerFloor.self, DropOldMessages.self,
            DropOldInbound.self,
            DropOldAudit.self,
            RecountOutbox.self, LimitStatementTime.self, CommitLazily.self,
        ])

    /// Whoever has something to tell.
    static let webhookEvents = StatementUser(
        files: ["EnqueueWebhookEvents.swift"], statements: [EnqueueWebhookEvents.self])

    static let drift = StatementUser(
        files: ["DriftStore.swift"],
        statements: [
            ReadClock.self, SelectTraffic.self, AddReportAges.self, SelectOutcomeName.self,
            SelectAlarms.self, InsertAlarm.self, KeepAlarm.self, ClearAlarm.self, AbsorbAlarm.self,
            CommitLazily.self,
        ])

    static let webhooks = StatementUser(
        files: [
            "WebhookStore.swift", "WebhookStore+Deliveries.swift", "WebhookStore+States.swift",
        ],
        statements: [
            SelectWebhookStates.self,
            SelectWebhooks.self, InsertWebhook.self, UpdateWebhook.self, SetWebhookState.self,
            LockWebhook.self, InsertWebhookSecret.self, ExpireWebhookSecrets.self,
            InsertTestDelivery.self, SelectDeliveryRecords.self, CountDeliveries.self,
            ResendDeliveries.self, SelectDeliveryAttempts.self, CountWaitingDeliveries.self,
            InsertAuditEntry.self, PlanAnew.self,
        ])

    static let webhookQueue = StatementUser(
        files: ["WebhookQueueStore.swift", "Registration.swift"],
        statements: [
            TakeWebhooks.self, ReleaseWebhooks.self, SelectWebhookTargets.self,
            SelectTargetSecrets.self, SelectDueDeliveries.self, SelectDeliveries.self,
            RecordAttempts.self, NoteWebhookHealth.self, DisableWebhook.self, LockNumber.self,
            Ping.self, InsertAuditEntry.self, PlanAnew.self, CommitLazily.self,
        ])

    static let outbox = StatementUser(
        files: [
            "OutboxStore.swift", "OutboxStore+Lease.swift", "LeaseRound.swift",
            "Registration.swift", "UnsentLeases.swift",
        ],
        statements: [
            RefillAllowance.self, SpendAllowance.self, SelectDue.self, SelectSendRequests.self,
            SelectApart.self, SelectNewest.self, SelectTrial.self, SelectTakeover.self,
            PutBackUnsent.self, MarkLeased.self, SelectNextDue.self, NoteReroutes.self,
            SelectReported.self, MarkReported.self, ApplyChanges.self, AddCounts.self,
            LockNumber.self, Ping.self, TakeOverLeases.self, GiveUpLate.self, DropSettled.self,
            HoldChecks.self, BeatProviders.self, SelectPresence.self, SetStop.self, PlanAnew.self,
            ReadClock.self, SelectOptOutsOf.self,
        ])

    /// Run by the role that owns everything.
    static let archive = StatementUser(
        files: ["CallbackArchive.swift"], statements: [SelectCallback.self])

    /// `waybill migrate`, whose role owns everything.
    static let migrator = StatementUser(
        files: [
            "Migrator.swift", "Migrator+Grants.swift", "Migrator+Providers.swift",
            "LockWatch.swift",
        ],
        statements: [
            LockMigrations.self, FindMigrationTable.self, SelectMigrations.self,
            InsertMigration.self, RegisterProvider.self, SelectRightChanges.self,
            SelectBackend.self, SelectBlockers.self,
        ])
}
