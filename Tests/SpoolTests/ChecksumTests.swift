import Spool
import Testing

@Suite("The checksum of frames")
struct ChecksumTests {
    @Test(
        "Known values of CRC-32C",
        arguments: [
            (Array("123456789".utf8), 0xE306_9283), ([], 0),
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
            ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (Array(0..<32), 0x46DD_794E),
        ] as [([UInt8], UInt32)])
    func known(bytes: [UInt8], value: UInt32) {
        #expect(Checksum.of(bytes) == value)
    }

    @Test("Parts of any length give the value of the whole")
    func parts() {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 37) }
        let whole = Checksum.of(bytes)
        for cut in 0...100 {
            var checksum = Checksum()
            bytes.withUnsafeBytes { buffer in
                checksum.add(UnsafeRawBufferPointer(rebasing: buffer[..<cut]))
                checksum.add(UnsafeRawBufferPointer(rebasing: buffer[cut...]))
            }
            #expect(checksum.value == whole)
        }
    }
}
