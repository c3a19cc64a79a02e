import Foundation
import TestSupport
import Testing

@Suite("The OpenAPI document and the running system", .timeLimit(.minutes(10)))
struct OpenAPISystemTests {
    /// An operation of the document.
    private struct Operation {
        let method: String
        let path: String
        let json: JSONTree

        var parameters: [JSONTree] { json["parameters"]?.elements ?? [] }

        /// The schema of an answer; nil if the document has none for it.
        func schema(
            _ status: Int, _ mediaType: String, _ check: SchemaCheck
        ) -> (isNamed: Bool, schema: JSONTree?) {
            let responses = json["responses"]
            guard var answer = responses?[String(status)] ?? responses?["default"] else {
                return (false, nil)
            }
            if let reference = answer["$ref"]?.text {
                answer = check.resolve(reference) ?? answer
            }
            let content = answer["content"]
            guard content?.members.isEmpty == false else { return (true, nil) }
            guard let form = content?[mediaType] else { return (false, nil) }
            return (true, form["schema"])
        }
    }

    private static func document() throws -> JSONTree {
        let answer = try RunningDemo.shared.client.send(HTTPRequest(path: "/v1/openapi.json"))
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "application/json")
        return try #require(JSONTree(answer.body))
    }

    private static func operations(_ document: JSONTree) -> [Operation] {
        (document["paths"]?.members ?? [:]).flatMap { path, item in
            item.members.map { Operation(method: $0.key.uppercased(), path: path, json: $0.value) }
        }.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
    }

    /// Whether the document allows this answer.
    private static func expect(
        _ answer: HTTPAnswer, to operation: Operation, _ check: SchemaCheck, _ what: String
    ) {
        let type = (answer["content-type"] ?? "").prefix { $0 != ";" }
        let (isNamed, schema) = operation.schema(answer.status, String(type), check)
        let call = "\(operation.method) \(operation.path) \(what): \(answer.status)"
        #expect(isNamed, "\(call) as \(type) is not in the document: \(answer.text.prefix(300))")
        #expect(answer.status < 500, "\(call): \(answer.text.prefix(300))")
        guard let schema, type.hasSuffix("json") else { return }
        guard let body = JSONTree(answer.body) else {
            Issue.record("\(call) is no JSON: \(answer.text.prefix(300))")
            return
        }
        let problems = check.problems(of: body, against: schema)
        #expect(problems.isEmpty, "\(call): \(problems.prefix(3)) in \(answer.text.prefix(600))")
    }

    @Test("Every example of the document meets its schema")
    func examples() throws {
        let document = try Self.document()
        let check = SchemaCheck(document)
        var count = 0
        func visit(_ tree: JSONTree, at place: String) {
            if let example = tree["example"], let schema = tree["schema"] {
                count += 1
                let problems = check.problems(of: example, against: schema)
                #expect(problems.isEmpty, "\(place): \(problems)")
            }
            for (name, member) in tree.members { visit(member, at: "\(place)/\(name)") }
            for element in tree.elements { visit(element, at: place) }
        }
        visit(document, at: "#")
        #expect(count > 20)
    }

    @Test("What can be read answers as the document says, with every parameter's example")
    func reading() throws {
        let demo = try RunningDemo.shared
        let document = try Self.document()
        let check = SchemaCheck(document)
        let sent = try JSON(
            Self.call(
                "POST", "/v1/messages?wait=10",
                Array(#"{"to":"+447700900188","text":"documented"}"#.utf8)))
        let message = try #require(sent["messages"][0]["id"].string)
        for operation in Self.operations(document) where operation.method == "GET" {
            let path = operation.path.replacing(
                "{id}", with: operation.path.hasPrefix("/v1/messages") ? message : UUID().uuidString
            )
            var queries = [""]
            for parameter in operation.parameters where parameter["in"]?.text == "query" {
                guard let name = parameter["name"]?.text else { continue }
                queries.append("?\(name)=\(Self.text(parameter["example"]))")
            }
            for query in queries {
                let answer = try demo.api(path + query)
                Self.expect(answer, to: operation, check, query)
            }
            // And as nobody, and with a parameter that does not exist.
            Self.expect(
                try demo.client.send(HTTPRequest(path: path)), to: operation, check, "without a key"
            )
            Self.expect(try demo.api(path + "?no_such=1"), to: operation, check, "?no_such=1")
        }
    }

    @Test("Bodies that the document shows as examples are taken, and empty ones refused as it says")
    func writing() throws {
        let document = try Self.document()
        let check = SchemaCheck(document)
        let operations = Self.operations(document).filter { $0.method != "GET" }
        #expect(operations.count > 2)
        for operation in operations {
            let path = operation.path.replacing(/\{\w+\}/, with: UUID().uuidString)
            let json = operation.json["requestBody"]?["content"]?["application/json"]
            for body in ["{}", "", "nonsense"] {
                let answer = try Self.call(operation.method, path, Array(body.utf8))
                Self.expect(answer, to: operation, check, "with \"\(body)\"")
            }
            // The others need a person who has signed in.
            guard operation.path == "/v1/messages", let example = json?["example"] else { continue }
            let answer = try Self.call(operation.method, path, Self.bytes(example))
            Self.expect(answer, to: operation, check, "with its example")
            #expect(answer.status < 300)
        }
    }

    /// With the demo's key.
    private static func call(
        _ method: String, _ path: String, _ body: [UInt8]
    ) throws -> HTTPAnswer {
        let demo = try RunningDemo.shared
        let headers = [
            ("Authorization", "Bearer \(demo.document.api_key)"),
            ("Content-Type", "application/json"),
        ]
        return try demo.client.send(
            HTTPRequest(method: method, path: path, headers: headers, body: body))
    }

    /// An example as the query has it.
    private static func text(_ example: JSONTree?) -> String {
        let text =
            switch example {
            case .string(let text)?: text
            case .number(let number)?:
                number == number.rounded() ? String(Int(number)) : String(number)
            case .flag(let flag)?: String(flag)
            case .array(let elements)?: elements.compactMap(\.text).joined(separator: ",")
            case .object?, .null?, nil: ""
            }
        return text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    }

    private static func bytes(_ tree: JSONTree) -> [UInt8] {
        func value(_ tree: JSONTree) -> Any {
            switch tree {
            case .object(let members): members.mapValues(value)
            case .array(let elements): elements.map(value)
            case .string(let text): text
            case .number(let number): number
            case .flag(let flag): flag
            case .null: NSNull()
            }
        }
        return Array((try? JSONSerialization.data(withJSONObject: value(tree))) ?? Data())
    }
}
