package import FastCGI

/// All that there is to know of one route: the router's entry, the check of its query, and its part
/// of the OpenAPI document are made from it. Who may call it says `AccessTable`.
package struct RouteDescription: Sendable {
    /// Upper case.
    package let method: String
    /// Such as `/v1/messages/{id}`; a segment in braces is captured.
    package let path: String
    /// Unique, for generated clients: a verb and a noun, as in `findMessages`.
    package let id: String
    /// The chapter of the documentation.
    package let tag: Tag
    /// What it does, in half a sentence.
    package let summary: String
    /// More of it, in Markdown.
    package let details: String?
    /// The query's; others are refused.
    package let parameters: [Parameter]
    /// Request headers that it reads, besides those of authentication.
    package let headers: [Parameter]
    package let body: Body?
    /// Those that only this route gives: what every route may answer is added.
    package let answers: [Answer]

    /// The chapters of the documentation, in their order.
    package enum Tag: String, Sendable, CaseIterable {
        case messages
        case sending
        case inbound
        case optOuts = "opt-outs"
        case deadLetters = "dead letters"
        case quarantine
        case webhooks
        case live
        case statistics
        case session
        case users
        case keys
        case audit
        case service
        case callbacks
    }

    /// - Parameters: those of the members.
    package init(
        _ method: String, _ path: String, _ id: String, _ tag: Tag, _ summary: String,
        details: String? = nil, parameters: [Parameter] = [], headers: [Parameter] = [],
        body: Body? = nil, answers: [Answer]
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.tag = tag
        self.summary = summary
        self.details = details
        self.parameters = parameters
        self.headers = headers
        self.body = body
        self.answers = answers
    }

    package var access: Access { AccessTable.access(method, path) }

    /// A JSON body of a request.
    package struct Body: Sendable {
        package let schema: Schema
        /// A valid one, as JSON.
        package let example: String
        /// The most bytes that are read.
        package let limit: Int
        /// Whether it may be left out.
        package let isOptional: Bool

        package init(_ schema: Schema, example: String, limit: Int, isOptional: Bool = false) {
            self.schema = schema
            self.example = example
            self.limit = limit
            self.isOptional = isOptional
        }
    }

    /// An answer that the route may give.
    package struct Answer: Sendable {
        package let status: HTTPStatus
        package let description: String
        package let content: [Content]

        package init(_ status: HTTPStatus, _ description: String, _ content: Content...) {
            self.status = status
            self.description = description
            self.content = content
        }

        /// A problem of this kind, with the codes that it may have.
        package static func problem(_ status: HTTPStatus, _ codes: String...) -> Answer {
            Answer(
                status, "A problem: \(codes.map { "`\($0)`" }.joined(separator: ", ")).",
                .problem)
        }
    }

    /// One form of an answer.
    package struct Content: Sendable {
        package let mediaType: String
        package let schema: Schema
        /// A valid one: JSON where the media type is, otherwise a text.
        package let example: String?

        package init(_ mediaType: String, _ schema: Schema, example: String?) {
            self.mediaType = mediaType
            self.schema = schema
            self.example = example
        }

        package static func json(_ schema: Schema, example: String) -> Content {
            Content("application/json", schema, example: example)
        }

        package static let problem = Content(
            "application/problem+json", .component("Problem"), example: nil)
    }
}
