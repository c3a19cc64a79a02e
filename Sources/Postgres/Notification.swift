/// What another session sent by NOTIFY.
package struct Notification: Hashable, Sendable {
    /// The channel's name.
    package let channel: String
    /// The text sent along; empty if none was. At most 8000 bytes.
    package let payload: String
}
