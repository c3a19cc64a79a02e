import Domain
import Foundation

/// The names of providers and countries in sentences to people: `Infobip, France`.
enum SubjectName {
    /// - Parameter traits: of the providers that have names; others are shown as they are stored.
    /// - Returns: names a subject.
    static func maker(_ traits: [ProviderTraits]) -> @Sendable (TrafficSubject) -> String {
        { subject in
            let provider = subject.provider
            let title = traits.first { $0.provider == provider }?.title ?? provider.name
            guard let country = subject.country?.description else { return title }
            // The one language of all texts of the program.
            let name = Locale(identifier: "en").localizedString(forRegionCode: country)
            return "\(title), \(name ?? country)"
        }
    }
}
