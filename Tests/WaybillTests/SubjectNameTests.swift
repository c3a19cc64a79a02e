import Domain
import Providers
import Testing

@testable import waybill

@Suite("Names in sentences")
struct SubjectNameTests {
    @Test("A provider by its company's spelling, and a country in English")
    func names() throws {
        let name = SubjectName.maker(ProviderKits.all.traits)
        let provider = try #require(ProviderKits.all.traits.first?.provider)
        #expect(name(.provider(provider)) == "Infobip")
        #expect(name(.country(provider, try #require(Country("FR")))) == "Infobip, France")
        let unknown = Provider(unknownCode: 99)
        #expect(name(.country(unknown, try #require(Country("ZZ")))).hasPrefix("provider-99, "))
    }
}
