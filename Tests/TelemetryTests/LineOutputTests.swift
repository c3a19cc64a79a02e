import Testing

@testable import Telemetry

@Suite("A disk that is full at times")
struct LineOutputTests {
    /// A disk that takes a number of bytes and no more.
    private struct Disk {
        var room: Int
        var text = ""

        mutating func take(_ bytes: UnsafeRawBufferPointer) -> LineOutput.Attempt {
            guard room > 0 else { return .failed }
            let count = min(room, bytes.count)
            text += String(decoding: bytes.prefix(count), as: UTF8.self)
            room -= count
            return .wrote(count)
        }
    }

    private func write(_ line: String, _ output: inout LineOutput, _ disk: inout Disk) -> Bool {
        output.write(Array((line + "\n").utf8)) { disk.take($0) }
    }

    @Test(
        "A line that was cut short is ended before the next one, wherever it was cut",
        arguments: 0...7)
    func cut(room: Int) {
        var output = LineOutput()
        var disk = Disk(room: room)
        let isWhole = write("{first}", &output, &disk)
        // While it is full nothing is written, and nothing is forgotten.
        let isSecondWhole = write("{lost}", &output, &disk)
        #expect([isWhole, isSecondWhole] == [false, false])
        disk.room = 1000
        let isThirdWhole = write("{third}", &output, &disk)
        let isFourthWhole = write("{fourth}", &output, &disk)
        #expect([isThirdWhole, isFourthWhole] == [true, true])
        let beginning = room == 0 ? "" : String("{first}".prefix(room)) + "\n"
        #expect(disk.text == beginning + "{third}\n{fourth}\n")
    }

    @Test("Where there is room for the line break alone, the next line still begins a line")
    func roomForBreak() {
        var output = LineOutput()
        var disk = Disk(room: 3)
        _ = write("{first}", &output, &disk)
        disk.room = 1
        let isWhole = write("{lost}", &output, &disk)
        disk.room = 1000
        let isLastWhole = write("{last}", &output, &disk)
        #expect([isWhole, isLastWhole] == [false, true])
        #expect(disk.text == "{fi\n{last}\n")
    }

    @Test("A line is written by as few attempts as the file allows")
    func attempts() {
        var output = LineOutput()
        var attempts = 0
        let isWhole = output.write(Array("0123456789\n".utf8)) { bytes in
            attempts += 1
            return attempts == 1 ? .again : .wrote(min(4, bytes.count))
        }
        #expect(isWhole)
        #expect(attempts == 4)
    }
}
