import CPostgres

/// The owner of a `PGresult`.
struct ResultHandle: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// The rows that the command returned or changed.
    var affectedCount: Int {
        guard let text = PQcmdTuples(pointer) else { return 0 }
        return Int(String(cString: text)) ?? 0
    }

    /// The command's name, for example `COMMIT`.
    var commandTag: String {
        PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
    }

    /// The error in it, its texts copied out.
    func error(isConnectionLost: Bool) -> PostgresError {
        let state = field("C").flatMap { SQLState($0) }
        var code = state?.code ?? (isConnectionLost ? .connection : .protocolViolation)
        // Besides this routine's name, only the translated text identifies "cached plan must not
        // change result type".
        if state?.description == "0A000", field("R") == "RevalidateCachedQuery" {
            code = .staleStatement
        }
        let text = PQresultErrorMessage(pointer).map { String(cString: $0) } ?? ""
        return PostgresError(
            code, text.trimmingNewlines, sqlState: state, constraint: field("n"),
            table: field("t"))
    }

    /// A field of the error report, by its letter in the protocol.
    private func field(_ letter: Unicode.Scalar) -> String? {
        PQresultErrorField(pointer, Int32(letter.value)).map { String(cString: $0) }
    }
}

extension String {
    /// libpq ends its texts with a newline.
    var trimmingNewlines: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
