/// Bytes that grow at the end and are emptied without being freed.
///
/// An `Array` would check uniqueness and bounds for every element and could not be lengthened
/// without being filled; this writes at the speed of memory.
@usableFromInline
struct ParameterBuffer: ~Copyable {
    @usableFromInline private(set) var base: UnsafeMutableRawPointer
    @usableFromInline private(set) var capacity: Int
    @usableFromInline var count = 0

    @usableFromInline
    init(capacity: Int = 4096) {
        base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    @inlinable
    deinit {
        base.deallocate()
    }

    /// Makes room for so many bytes more.
    @inlinable
    mutating func reserve(_ additional: Int) {
        if count + additional > capacity { grow(additional) }
    }

    @usableFromInline
    mutating func grow(_ additional: Int) {
        capacity = max(capacity * 2, count + additional)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = larger
    }

    /// Appends an integer in network order; room must have been reserved.
    @inlinable
    mutating func writeReserved(_ value: some FixedWidthInteger & BitwiseCopyable) {
        let size = value.bitWidth / 8
        (base + count).storeBytes(of: value.bigEndian, as: type(of: value))
        count += size
    }

    /// Appends bytes; room must have been reserved.
    @inlinable
    mutating func writeReserved(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(start: base + count, count: bytes.count)
            .copyMemory(from: bytes)
        count += bytes.count
    }

    /// Overwrites an integer that was written before.
    @inlinable
    mutating func patch(_ value: Int32, at offset: Int) {
        (base + offset).storeBytes(of: value.bigEndian, as: Int32.self)
    }
}
