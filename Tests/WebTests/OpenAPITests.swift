import Domain
import FastCGI
import Telemetry
import TestSupport
import Testing

@testable import Web

/// What the document says is compared with itself here; with the running system in EndToEndTests.
@Suite("OpenAPI", .blocking)
struct OpenAPITests {
    private func document() throws -> JSONTree {
        let endpoint = Keys().endpoint
        let callbacks = CallbackEndpoint(
            SampleWebhook(), sink: Sink(), metrics: Metrics(), logger: Logger(descriptor: -1))
        let routes =
            MessageEndpoints(Reader(), providers: ProviderTraits.samples).routes(endpoint)
            + callbacks.routes
        let openAPI = OpenAPIEndpoint(
            version: "1", providers: ProviderTraits.samples, routes: routes)
        let server = try WebServer(openAPI.routes(endpoint))
        let answer = try server.get("/v1/openapi.json")
        #expect(answer.status == 200)
        #expect(answer.header("Content-Type") == "application/json")
        return try #require(JSONTree(answer.body.utf8))
    }

    @Test("Every route is there once, with its path's parameters and all kinds of answers")
    func routes() throws {
        let document = try document()
        #expect(document["openapi"]?.text == "3.1.0")
        let paths = try #require(document["paths"]).members
        #expect(paths["/v1/openapi.json"]?["get"] != nil)
        #expect(paths["/callbacks/infobip"]?["post"]?["security"] == .array([]))
        var ids: Set<String> = []
        for (path, item) in paths {
            for (method, operation) in item.members {
                let id = operation["operationId"]?.text ?? ""
                #expect(ids.insert(id).inserted, "\(id) is there twice")
                let named = Set(
                    (operation["parameters"]?.elements ?? [])
                        .filter { $0["in"]?.text == "path" }.compactMap { $0["name"]?.text })
                let wanted = Set(path.matches(of: /\{(\w+)\}/).map { String($0.1) })
                #expect(named == wanted, "\(method) \(path)")
                let statuses = operation["responses"]?.members.keys
                #expect(statuses?.contains("default") == true, "\(method) \(path)")
                #expect(statuses?.contains { $0.hasPrefix("2") } == true, "\(method) \(path)")
            }
        }
    }

    @Test("Every reference leads somewhere, and every component is used or named")
    func references() throws {
        let document = try document()
        let check = SchemaCheck(document)
        func visit(_ tree: JSONTree, at place: String) {
            if let reference = tree["$ref"]?.text {
                #expect(check.resolve(reference) != nil, "\(place): \(reference)")
            }
            for (name, member) in tree.members { visit(member, at: "\(place)/\(name)") }
            for element in tree.elements { visit(element, at: place) }
        }
        visit(document, at: "#")
        #expect(
            Set(OpenAPIComponents.schemas.map(\.name)).count == OpenAPIComponents.schemas.count)
    }

    @Test("The pattern of numbers matches what begins as a number may, and nothing else")
    func numbers() throws {
        let pattern = try Regex(OpenAPIComponents.numberPattern)
        var differences: [String] = []
        for beginning in 0..<100_000 {
            let digits = String(beginning)
            let text = "+" + String(repeating: "0", count: 5 - digits.count) + digits + "123456"
            let isNumber = (try? PhoneNumber(text)) != nil
            if (text.wholeMatch(of: pattern) != nil) != isNumber { differences.append(text) }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(5))")
    }

    @Test("Every example meets its schema")
    func examples() throws {
        let document = try document()
        let check = SchemaCheck(document)
        var count = 0
        func visit(_ tree: JSONTree, at place: String) {
            if let example = tree["example"], let schema = tree["schema"] {
                count += 1
                #expect(check.problems(of: example, against: schema).isEmpty, "\(place)")
            }
            for (name, member) in tree.members { visit(member, at: "\(place)/\(name)") }
            for element in tree.elements { visit(element, at: place) }
        }
        visit(document, at: "#")
        #expect(count > 10)
    }
}
