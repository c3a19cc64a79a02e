import FastCGI
import JSON

extension RouteDescription {
    static let findMessages = RouteDescription(
        "GET", "/v1/messages", "findMessages", .messages, "A message by the provider's id",
        parameters: [
            Parameter(
                "provider", .text(1...100), "The provider's name.", example: "infobip"),
            Parameter(
                "provider_message_id", .text(1...1000), "The provider's name of the message.",
                example: "order-1001"),
        ],
        answers: [
            Answer(.ok, "The message.", .json(.component("Message"), example: messageExample)),
            .problem(.notFound, "unknown_message"),
        ])

    static let showMessage = RouteDescription(
        "GET", "/v1/messages/{id}", "showMessage", .messages, "A message by our id",
        answers: [
            Answer(.ok, "The message.", .json(.component("Message"), example: messageExample)),
            .problem(.notFound, "unknown_message"),
        ])

    static let showReports = RouteDescription(
        "GET", "/v1/messages/{id}/reports", "showReports", .messages,
        "All reports about a message, and why one of them won",
        answers: [
            Answer(.ok, "The reports.", .json(.component("Reports"), example: reportsExample)),
            .problem(.notFound, "unknown_message"),
        ])

    static let messageExample = """
        {"id":"d8917dd5-97b3-8b46-a501-396972a7b206","provider":"infobip",\
        "provider_message_id":"order-1001","status":"delivered","final":true,\
        "sent_by_us":false,"to":"+447700900123","from":"Shop",\
        "created_at":"2026-11-21T10:34:42.586698Z","updated_at":"2026-11-21T10:34:42.586698Z",\
        "provider_status":{"group_id":3,"group":"DELIVERED","id":5,\
        "name":"DELIVERED_TO_HANDSET","description":"Message delivered to handset"},\
        "error":{"code":null,"group_id":0,"group":"OK","name":"NO_ERROR",\
        "description":"No Error","permanent":false},\
        "sent_at":"2026-11-20T09:15:00.100Z","done_at":"2026-11-20T09:15:04.913Z","segments":1,\
        "price":{"amount":"0.01","currency":"EUR"},"bulk_id":null,"callback_data":null,\
        "network":"23415","attributes":null,"parts":null}
        """

    private static let reportsExample = """
        {"message_id":"d8917dd5-97b3-8b46-a501-396972a7b206","status":"delivered","final":true,\
        "reports":[],"events":[]}
        """
}
