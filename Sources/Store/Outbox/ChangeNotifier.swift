package import Domain

/// Tells the other processes that statuses have changed, after the commits and off their thread.
///
/// The notification says no more than "look": what has changed is in the log of changes.
package struct ChangeNotifier: ChangeSubscriber {
    private let notifier: PostgresNotifier

    package init(_ notifier: PostgresNotifier) { self.notifier = notifier }

    package func statusesChanged(_ changes: [StatusChange]) { notifier.notify() }
}
