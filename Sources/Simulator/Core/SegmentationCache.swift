import Domain

/// Keeps the last text's number of SMS, because a batch often has one text many times.
struct SegmentationCache {
    private var last: (text: String, segmentation: Segmentation)?

    mutating func segmentation(of text: String) -> Segmentation {
        // Not with `==`: the same character in other code points takes other units.
        if let last, last.text.utf8.elementsEqual(text.utf8) { return last.segmentation }
        let segmentation = Segmentation(text)
        last = (text, segmentation)
        return segmentation
    }

    mutating func count(of text: String) -> Int { segmentation(of: text).segments }
}
