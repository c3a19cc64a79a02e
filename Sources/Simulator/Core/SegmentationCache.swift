import Domain

/// How many SMS texts take; a batch often has one text many times.
struct SegmentationCache {
    private var last: (text: String, segmentation: Segmentation)?

    mutating func segmentation(of text: String) -> Segmentation {
        // Not by `==`: one character in other code points takes other units.
        if let last, last.text.utf8.elementsEqual(text.utf8) { return last.segmentation }
        let segmentation = Segmentation(text)
        last = (text, segmentation)
        return segmentation
    }

    mutating func count(of text: String) -> Int { segmentation(of: text).parts }
}
