/// How long to wait after failed sign-ins. A pure rule; the store counts.
package enum SignInDelay {
    /// The first failure after which there is a wait.
    package static let firstDelayed = 5
    /// The longest wait.
    package static let longest = Duration.seconds(900)

    /// The wait after so many failures without a success between them: none up to the fourth, then
    /// 1 s, doubled with each further one.
    package static func after(failures: Int) -> Duration {
        guard failures >= firstDelayed else { return .zero }
        return min(longest, .seconds(1 << min(failures - firstDelayed, 20)))
    }
}
