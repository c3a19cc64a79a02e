import Foundation
import Testing

@testable import System

@Suite("The user that a process runs as")
struct ProcessUserTests {
    @Test("It has the system's number and name")
    func current() {
        let user = ProcessUser.current
        #expect(user.number == getuid())
        #expect(user.name == NSUserName())
    }
}
