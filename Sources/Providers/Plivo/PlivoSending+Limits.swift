package import Domain

extension PlivoSending {
    /// Plivo takes 1600 characters of GSM 7-bit and 737 of UCS-2: 11 SMS of the latter exactly, and
    /// of the former somewhat more than 10.
    /// Source: Plivo's documentation, "Encoding and concatenation".
    package var segmentLimits: SegmentLimits? { SegmentLimits(gsm7: 10, ucs2: 11) }
}
