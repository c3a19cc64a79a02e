import Foundation

/// `demo.json`, with the members that are promised.
struct DemoDocument: Decodable, Sendable {
    struct Infobip: Decodable, Sendable {
        let callback_url: String
        let user: String
        let password: String
        let header_name: String
        let header_secret: String
        let hmac_secret: String
        let url_secret: String?
    }

    struct Plivo: Decodable, Sendable {
        let callback_url: String
        let auth_id: String
        let auth_token: String
    }

    struct User: Decodable, Sendable {
        let email: String
        let password: String
    }

    struct Processes: Decodable, Sendable, Equatable {
        let nginx: pid_t
        let responder: pid_t
        let postgres: pid_t
        let dispatch: pid_t?
        let simulator: pid_t?
        let deliver: pid_t?
        let egress: pid_t?
    }

    let url: String
    let ca: String
    let database_url: String
    let admin_database_url: String
    let api_key: String
    let user: User
    let infobip: Infobip
    let plivo: Plivo
    let simulator_url: String?
    let pids: Processes

    /// Everything in it that nobody else may read.
    var secrets: [String] {
        let passwords = [database_url, admin_database_url].compactMap {
            URLComponents(string: $0)?.password
        }
        return passwords + [
            api_key, user.password, infobip.password, infobip.header_secret, infobip.hmac_secret,
            infobip.url_secret ?? api_key,
            plivo.auth_token,
        ]
    }

    init(file: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        self = try JSONDecoder().decode(DemoDocument.self, from: data)
    }
}
