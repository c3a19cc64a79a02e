import Domain
import Testing

@Suite("A provider's words where others read them")
struct ProviderProblemTests {
    @Test(
        "no digit of a free text is left, in whatever script",
        arguments: [
            ("Bad recipient +44 7700 900123", "Bad recipient +## #### ######"),
            ("0791234567,0797654321", "##########,##########"),
            ("رقم ٠٧٩١٢٣٤٥٦٧", "رقم ##########"), ("No credit.", "No credit."),
            ("７７００９００１２３", "##########"), ("", ""),
        ])
    func text(text: String, redacted: String) {
        #expect(ProviderProblem(code: "403", text: text).redacted.text == redacted)
    }

    @Test(
        "a code stays, unless it is as long as a number",
        arguments: [
            ("E401", "E401"), ("REJECTED_NOT_ENOUGH_CREDITS", "REJECTED_NOT_ENOUGH_CREDITS"),
            ("4102", "4102"), ("22P02", "22P02"), ("447700900123", "############"),
            ("to +44 77009", "to +## #####"),
        ])
    func code(code: String, redacted: String) {
        #expect(ProviderProblem(code: code, text: "").redacted.code == redacted)
    }

    @Test("a redacted text stays as it is")
    func twice() {
        let problem = ProviderProblem(code: "447700900123", text: "+447700900123").redacted
        #expect(problem.redacted == problem)
    }
}
