/// Why a temporary server, process or folder could not be had; the text says what to do about it.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
