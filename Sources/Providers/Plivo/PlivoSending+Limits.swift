package import Domain

extension PlivoSending {
    package var segmentLimits: SegmentLimits? { ProviderTraits.plivo.limits.segments }
}
