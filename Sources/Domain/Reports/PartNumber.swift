/// Which part of a long message a report is about.
package struct PartNumber: Sendable, Equatable {
    /// From 1 on.
    package let number: Int
    package let total: Int

    /// Nil unless 1 ≤ number ≤ total ≤ 255, what the header of a part can count.
    /// Source: 3GPP TS 23.040, section 9.2.3.24.1.
    package init?(number: Int, total: Int) {
        guard (1...255).contains(total), (1...total).contains(number) else { return nil }
        self.number = number
        self.total = total
    }
}
