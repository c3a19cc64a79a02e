import Domain
import FastCGI
import JSON

extension RouteDescription {
    static let followMessage = RouteDescription(
        "GET", "/v1/messages/{id}/live", "followMessage", .live,
        "A message's changes as they happen",
        details: liveDetails, parameters: [lastEventID], headers: [lastEventIDHeader],
        answers: [
            streamAnswer,
            .problem(.notFound, "unknown_message"),
            .problem(.serviceUnavailable, "too_many_streams", "stopping"),
        ])

    static let follow = RouteDescription(
        "GET", "/v1/live", "follow", .live, "Changes of messages as they happen",
        details: liveDetails,
        parameters: [
            Parameter(
                "status", .words(Status.allCases.map(\.rawValue)),
                "Messages that have one of these statuses after the change.", example: "delivered"),
            Parameter(
                "final", .flag, "Messages whose status is final, or is not.", example: "true"),
            Parameter(
                "provider",
                .other(
                    .component("ProviderName"), takes: "a provider's name",
                    accepts: { $0.utf8.count <= 100 }),
                "Messages of this provider.", example: "infobip"),
            Parameter(
                "send_request_id", .uuid, "The messages of this send request.",
                example: "01a1fe3e-56fc-7e4b-bd59-9ce05d6d6b10"),
            Parameter(
                "ticket", .text(1...200),
                "A send request's ticket, instead of a key or a session; without any filter.",
                example: "wbt_AQ"),
            Parameter(
                "unnamed", .flag,
                "Whether each event comes once more without a name, for `onmessage`.",
                example: "true"),
            lastEventID,
        ],
        headers: [lastEventIDHeader],
        answers: [
            streamAnswer,
            .problem(.unauthorized, "wrong_ticket", "expired_ticket"),
            .problem(.notFound, "unknown_send_request"),
            .problem(.serviceUnavailable, "too_many_streams", "stopping"),
        ])

    private static let liveDetails = """
        First `state`, then `status` with the message for each change; in streams of all messages, or \
        of a provider's, also `inbound` with each message from somebody. `reset`: too much has happened; \
        ask again. `heartbeat` every 15 seconds.
        """

    private static let lastEventID = Parameter(
        "last_event_id",
        .other(
            .text(1...16, pattern: "^[0-9]+$"), takes: "the id of an event, 1 to 16 digits",
            accepts: { EventText.sequence($0) != nil }),
        "As the header `Last-Event-ID`, for clients that cannot send it.", example: "16384001")

    private static let lastEventIDHeader = Parameter(
        "Last-Event-ID", .text(1...16), "The stream goes on after this event.",
        example: "16384001")

    private static let streamAnswer = Answer(
        .ok, "The stream, open until the client leaves.",
        Content(
            "text/event-stream", .text(),
            example: "retry: 2311\n\nevent: state\nid: 16384001\ndata: {}\n\n"))
}
