import Foundation
import Postgres
import Testing

import TestSupport
@testable import Store

@Suite("The statements and the schema", .blocking)
struct StatementTests {
    /// All but those of `waybill migrate`.
    private static var responders: [any Statement.Type] {
        [
            ArchiveCallbacks.self, UpsertOutcomes.self, RecordReports.self, RecordNewReports.self,
            UpsertMessageStatus.self, AddNewMessages.self, QuarantineRejects.self,
            PreferIndexes.self, SelectSupposed.self, SelectSendRequestMessages.self,
            SelectPartReports.self, SettleMessages.self,
            SelectMessage.self, SelectMessageByProviderID.self, SelectReports.self,
            SelectAPIKey.self,
            TouchAPIKey.self, InsertAPIKey.self, SelectAPIKeys.self, RevokeAPIKey.self,
            SelectSchemaVersion.self, SelectWriteRefusal.self, SelectDurability.self,
            SelectHeldSessions.self, SelectHeldMessages.self, LimitLockWait.self,
            WaitForStandby.self, CommitLazily.self, LimitStatementTime.self,
        ] + sending + housekeeping
    }
    private static var sending: [any Statement.Type] {
        [
            SelectEvents.self, AcceptSendRequest.self, ClaimKey.self, SelectKey.self,
            KeepAnswers.self, CancelMessage.self, SelectOwnStatus.self, SelectSendStates.self,
            RefillAllowance.self, SpendAllowance.self, SelectDue.self, SelectSendRequests.self,
            SelectApart.self, SelectNewest.self, SelectTrial.self, PutBackUnsent.self,
            MarkLeased.self, SelectNextDue.self, ApplyChanges.self, AddCounts.self,
            LockNumber.self, Ping.self, TakeOverLeases.self, GiveUpLate.self, DropSettled.self,
            HoldChecks.self, NoteReroutes.self, SelectTakeover.self,
            SelectReported.self, MarkReported.self, BeatProviders.self,
            SelectPresence.self, SetStop.self,
            SelectSendingStates.self, SendNotification.self, PlanAnew.self,
        ]
    }
    private static var housekeeping: [any Statement.Type] {
        [
            AddArchivePartition.self, DropArchivePartition.self, DropOldCallbacks.self,
            DropOldQuarantine.self, MeasureQuarantine.self, CutQuarantine.self, DropOldKeys.self,
            DropOldEvents.self, DropOldDeadLetters.self, DropOldSendRequests.self,
            RecountOutbox.self,
        ]
    }
    private static var migrations: [any Statement.Type] {
        [
            LockMigrations.self, FindMigrationTable.self, SelectMigrations.self,
            InsertMigration.self,
            GrantResponder.self, SelectBackend.self, SelectBlockers.self,
        ]
    }

    @Test("every statement of the responder can be prepared by its role")
    func prepares() throws {
        let connection = try Connection(TestDatabase().responder)
        for type in Self.responders { try prepare(type, connection) }
    }

    @Test("every statement of the migrations can be prepared by their role")
    func preparesMigrations() throws {
        let connection = try Connection(TestDatabase().owner)
        for type in Self.migrations { try prepare(type, connection) }
    }

    @Test("no statement of the sources is missing here, and no two share a name")
    func isComplete() throws {
        let folder = TestDatabase.sourceRoot + "/Sources/Store"
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder)
        var declared: Set<String> = []
        for path in paths where path.hasSuffix(".swift") {
            let text = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
            for match in text.matches(of: /struct (\w+)(?:<.*>)?: (?:\w+, )*(?:Drop)?Statement\b/) {
                declared.insert(String(match.1))
            }
        }
        let listed = Self.responders + Self.migrations
        #expect(declared == Set(listed.map { "\($0)" }))
        #expect(Set(listed.map { "\($0.name)" }).count == listed.count)
    }

    private func prepare<S: Statement>(
        _ type: S.Type, _ connection: Connection
    ) throws(PostgresError) {
        try connection.prepare(type)
    }
}
