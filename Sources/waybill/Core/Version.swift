/// The version of the program, as `waybill --version` and the status tell it.
enum Version {
    static let current = "0.1.0"
}
