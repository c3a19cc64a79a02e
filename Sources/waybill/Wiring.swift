import Providers

extension ProviderKits {
    /// The providers that this program knows. This line is all that a new one needs besides its folder
    /// in Providers; the first is the default where nothing else says.
    static let all = ProviderKits([InfobipKit(), PlivoKit()])
}
