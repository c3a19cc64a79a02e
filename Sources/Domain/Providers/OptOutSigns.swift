/// A provider's errors that mean that the recipient has opted out.
package struct OptOutSigns: Sendable, Hashable {
    /// Of `Outcome.errorCode`.
    package let errors: Set<String>
    /// Of `Outcome.statusID`.
    package let statuses: Set<Int32>

    /// None unless given.
    package init(errors: Set<String> = [], statuses: Set<Int32> = []) {
        self.errors = errors
        self.statuses = statuses
    }
}
