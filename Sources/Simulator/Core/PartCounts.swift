import Domain

/// How many SMS texts take; a batch often has one text many times.
struct PartCounts {
    private var last: (text: String, segmentation: Segmentation)?

    mutating func segmentation(of text: String) -> Segmentation {
        if let last, last.text == text { return last.segmentation }
        let segmentation = Segmentation(text)
        last = (text, segmentation)
        return segmentation
    }

    mutating func count(of text: String) -> Int { segmentation(of: text).parts }
}
