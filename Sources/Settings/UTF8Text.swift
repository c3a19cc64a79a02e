/// Finds the first byte of a text that is not UTF-8.
package enum UTF8Text {
    /// Which byte is the first that does not belong to UTF-8, from 1; nil if all do.
    package static func firstFault(in bytes: some Sequence<UInt8>) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var count = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): count += scalar.count
            case .emptyInput: return nil
            case .error: return count + 1
            }
        }
    }
}
