import Domain
import Settings

extension WaybillSettings {
    private static let spoolGroup = Setting.Group(
        "The spool", "Where callbacks go that the database does not take in time.")

    static let spool = [spoolDirectory, spoolBytes, spoolMode, spoolWindow]

    static let spoolDirectory = Setting(
        "WAYBILL_SPOOL_DIRECTORY", whenUnset: "no spool", example: "/var/lib/waybill/spool",
        in: spoolGroup, readBy: [.serve],
        """
        The folder of the spool, on a disk of this machine that keeps what was synced. The unit sets \
        it. Without one, callbacks are answered 503 while the database is away.
        """)

    static let spoolBytes = Setting(
        "WAYBILL_SPOOL_BYTES", .integer(default: 1 << 30, in: 1 << 20...1 << 40), in: spoolGroup,
        readBy: [.serve],
        "How many bytes the spool's files may take; beyond it callbacks are answered 503.")

    static let spoolMode = Setting(
        "WAYBILL_SPOOL", .choice(of: SpoolState.Mode.self, default: .fallback), in: spoolGroup,
        readBy: [.serve],
        """
        `fallback` writes to the spool what the database does not take in time; `always` writes every \
        callback to both and answers when both have it, so that an asynchronous failover loses none.
        """)

    static let spoolWindow = Setting(
        "WAYBILL_SPOOL_WINDOW_SECONDS", .integer(default: 300, in: 30...86_400), in: spoolGroup,
        readBy: [.serve],
        """
        With `WAYBILL_SPOOL=always`, how many seconds a callback is kept after it is in the database: \
        longer than a failover takes. Less if the spool is full.
        """)
}
