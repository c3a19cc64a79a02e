/// What an attempt means for its delivery and its webhook. Pure.
package struct Verdict: Sendable, Equatable {
    package let isDelivered: Bool
    /// Why it failed, for people; nil if it did not.
    package let problem: String?
    /// Whether the receiver says that it is gone for good.
    package let isGone: Bool
    /// Whether the receiver asks for fewer requests.
    package let isThrottled: Bool

    /// Of an answer of the receiver.
    package init(status: Int) {
        isDelivered = (200...299).contains(status)
        isGone = status == 410
        isThrottled = [429, 502, 503, 504].contains(status)
        problem =
            switch status {
            case 200...299: nil
            case 300...399: "it redirects (\(status)), which is not followed"
            case 410: "it is gone (410)"
            case 429: "it asks for fewer requests (429)"
            default: "it answered \(status)"
            }
    }

    /// Without an answer.
    package init(problem: String) {
        isDelivered = false
        isGone = false
        isThrottled = false
        self.problem = problem
    }
}
