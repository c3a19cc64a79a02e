package import Domain
import Synchronization

/// The providers whose codes rows may hold.
///
/// Rows are decoded by functions that know only the row, so the table is shared by the whole
/// process. A list of kits is added here before anything is read; the table only grows. Any thread.
package enum KnownProviders {
    private static let table = Mutex<[Provider]>([])

    /// Makes providers known; any number of times.
    ///
    /// - Parameter providers: no code belongs to two names.
    package static func add(_ providers: [Provider]) {
        table.withLock { table in
            for provider in providers {
                if let known = table.first(where: { $0 == provider }) {
                    precondition(
                        known.name == provider.name,
                        "\(known.name) and \(provider.name) have one code")
                } else {
                    table.append(provider)
                }
            }
        }
    }

    /// The provider of a code. An unknown one, in a row of a newer program, is no error: the row is
    /// shown, and no kit acts on it.
    static func provider(code: Int16) -> Provider {
        // A handful: a search takes less time than hashing would.
        table.withLock { $0.first { $0.code == code } } ?? Provider(unknownCode: code)
    }
}
