/// A number of rows that is counted up to a bound only, so that counting stays quick.
package struct BoundedCount: Sendable, Equatable {
    package let count: Int
    /// Whether there are more.
    package let isBound: Bool

    /// - Parameters:
    ///   - found: how many were found, with a look for one more than the bound.
    ///   - bound: the most that are counted.
    package init(found: Int, bound: Int) {
        count = min(found, bound)
        isBound = found > bound
    }
}
