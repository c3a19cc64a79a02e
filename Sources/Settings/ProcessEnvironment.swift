private import Foundation

/// The variables that this process was started with, as text where they are UTF-8.
///
/// Foundation would replace bytes that are not UTF-8 by U+FFFD, and so change a password without
/// any warning.
package struct ProcessEnvironment: Sendable {
    /// Names to values.
    package private(set) var texts: [String: String] = [:]
    /// The variables whose values are not UTF-8, and the place of the first wrong byte, from 1.
    package private(set) var faults: [String: Int] = [:]

    /// This process's own.
    package static var current: ProcessEnvironment {
        var lines: [[UInt8]] = []
        var next = environ
        while let line = next.pointee {
            let bytes = UnsafeBufferPointer(start: line, count: strlen(line))
            lines.append(bytes.map(UInt8.init(bitPattern:)))
            next += 1
        }
        return ProcessEnvironment(lines: lines)
    }

    package init(texts: [String: String]) {
        self.texts = texts
    }

    /// - Parameter lines: `NAME=value` each, as the kernel gives them.
    package init(lines: [[UInt8]]) {
        for line in lines {
            let bytes = line.prefix { $0 != UInt8(ascii: "=") }
            // A name that is not UTF-8 is not one of ours.
            guard let name = String(validating: bytes, as: UTF8.self) else { continue }
            let value = line.dropFirst(bytes.count + 1)
            if let text = String(validating: value, as: UTF8.self) {
                texts[name] = texts[name] ?? text
            } else {
                faults[name] = UTF8Text.firstFault(in: value)
            }
        }
    }

    /// Replaces a value of the process; nil removes it.
    package mutating func set(_ name: String, to value: String?) {
        texts[name] = value
        faults[name] = nil
    }
}
