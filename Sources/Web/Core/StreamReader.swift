import Domain

/// Who reads a stream.
struct StreamReader: Sendable {
    /// Nil of a user whom single sign-on names: only the next request can show whether it still
    /// does.
    let credential: StreamCredential?
    let role: Role?
    /// From where the stream was opened; nil if nginx named no address.
    let address: String?
    let seesDetails: Bool
}
