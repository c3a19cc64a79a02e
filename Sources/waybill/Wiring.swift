import Providers

extension ProviderKits {
    /// The providers of this program. A new one needs this line and its folder in Providers; the
    /// first is the default if no setting names another.
    static let all = ProviderKits([InfobipKit(), PlivoKit()])
}
