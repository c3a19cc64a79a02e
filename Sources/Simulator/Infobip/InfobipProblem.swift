import FastCGI
import JSON

/// Infobip's error answers. Source: providers.md, A.1 "Errors".
enum InfobipProblem {
    /// An answer in the form of the version.
    static func reply(
        _ status: Int, isV3: Bool, _ text: String? = nil, violations: [Violation] = []
    ) -> SimulatorReply {
        let text = text ?? words(status)
        return SimulatorReply(status) { json in
            if isV3 {
                v3(status, text, violations, &json)
            } else {
                v2(status, text, violations, &json)
            }
        }
    }

    private static func v3(
        _ status: Int, _ text: String, _ violations: [Violation], _ json: inout JSONWriter
    ) {
        json.member("errorCode", "E\(status)")
        json.member("description", text)
        json.member("action", "Check the request and the account.")
        json.array("violations") { list in
            for violation in violations {
                list.beginObject()
                list.member("property", violation.property)
                list.member("violation", violation.text)
                list.endObject()
            }
        }
        json.array("resources") { _ in }
    }

    private static func v2(
        _ status: Int, _ text: String, _ violations: [Violation], _ json: inout JSONWriter
    ) {
        json.object("requestError") { error in
            error.object("serviceException") { exception in
                exception.member("messageId", code(status))
                exception.member("text", text)
                guard !violations.isEmpty else { return }
                exception.object("validationErrors") { fields in
                    for violation in violations {
                        fields.array(violation.property) { $0.string(violation.text) }
                    }
                }
            }
        }
    }

    private static func code(_ status: Int) -> String {
        switch status {
        case 400: "BAD_REQUEST"
        case 401: "UNAUTHORIZED"
        case 403: "FORBIDDEN"
        case 404: "NOT_FOUND"
        case 429: "TOO_MANY_REQUESTS"
        case 503: "SERVICE_UNAVAILABLE"
        default: "GENERAL_ERROR"
        }
    }

    private static func words(_ status: Int) -> String {
        switch status {
        case 400: "Bad request"
        case 401: "Invalid login details"
        case 403: "Insufficient permissions"
        case 404: "Not found"
        case 405: "Method not allowed"
        case 429: "Too many requests"
        case 503: "Service unavailable"
        default: "Something went wrong. Please contact support."
        }
    }
}
