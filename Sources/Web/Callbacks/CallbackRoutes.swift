import Domain
import FastCGI
import JSON

extension RouteDescription {
    /// The paths of a provider's callbacks, as far as they are documented: each may also end in a
    /// slash.
    static func callbacks(of traits: ProviderTraits) -> (
        plain: RouteDescription, message: RouteDescription, sendRequest: RouteDescription,
        inbound: RouteDescription, inboundByGet: RouteDescription
    ) {
        let path = traits.provider.callbackPath
        return (
            callback(traits, path, "", "A delivery report of \(traits.title)"),
            callback(
                traits, path + "/{message}", "ForMessage",
                "A delivery report of \(traits.title) about a message of ours"),
            callback(
                traits, path + "/send-requests/{send_request}", "ForSendRequest",
                "A delivery report of \(traits.title) about a message of a send request"),
            callback(
                traits, path + "/inbound", "Inbound",
                "A message that somebody sent to a number at \(traits.title)"),
            callback(
                traits, path + "/inbound", "InboundByGet",
                "The same with the form as the query", method: "GET")
        )
    }

    private static func callback(
        _ traits: ProviderTraits, _ path: String, _ suffix: String, _ summary: String,
        method: String = "POST"
    ) -> RouteDescription {
        let name = traits.provider.name
        let id = "receive" + name.prefix(1).uppercased() + name.dropFirst() + "Callback" + suffix
        let refusal = traits.refusal
        return RouteDescription(
            method, path, id, .callbacks, summary,
            details: """
                The body is as the provider documents it: delivery reports, messages from people and \
                other events, each sorted by what it is. It is stored before it is answered 200, with its \
                id in the header `Waybill-Receipt`; any other answer makes the provider send it again.
                """,
            answers: [
                Answer(
                    .ok, "It is stored.",
                    .json(.object(["status": .word(["stored"])]), example: #"{"status":"stored"}"#)),
                .problem(.badRequest, "not_json", "wrong_shape", "incomplete_body"),
                .problem(
                    refusal == .forbidden ? .forbidden : .unauthorized, "missing_credentials",
                    "wrong_credentials", "missing_signature", "wrong_signature"),
                .problem(.notFound, "not_found"),
                .problem(.contentTooLarge, "body_too_large", "too_many_results"),
                .problem(.unsupportedMediaType, "unsupported_media_type"),
            ])
    }
}
