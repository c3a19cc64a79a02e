import JSON

extension DemoSummary {
    /// `demo.json`; what there is not is left out.
    var json: [UInt8] {
        var json = JSONWriter(indent: 2)
        json.object { json in
            json.member("url", url)
            json.member("ca", ca)
            json.member("database_url", database_url)
            json.member("admin_database_url", admin_database_url)
            json.member("api_key", api_key)
            if let infobip { json.object("infobip") { infobip.write(into: &$0) } }
            if let plivo { json.object("plivo") { plivo.write(into: &$0) } }
            json.member("simulator_url", ifAny: simulator_url)
            json.object("pids") { pids.write(into: &$0) }
        }
        return json.bytes
    }
}

extension DemoSummary.Infobip {
    fileprivate func write(into json: inout JSONWriter) {
        json.member("callback_url", callback_url)
        json.member("user", user)
        json.member("password", password)
        json.member("header_name", header_name)
        json.member("header_secret", header_secret)
        json.member("hmac_header", hmac_header)
        json.member("hmac_secret", hmac_secret)
        json.member("url_secret", ifAny: url_secret)
        json.member("api_key", ifAny: api_key)
    }
}

extension DemoSummary.Plivo {
    fileprivate func write(into json: inout JSONWriter) {
        json.member("callback_url", callback_url)
        json.member("auth_id", auth_id)
        json.member("auth_token", auth_token)
    }
}

extension DemoSummary.Processes {
    fileprivate func write(into json: inout JSONWriter) {
        json.member("nginx", nginx)
        json.member("responder", responder)
        json.member("postgres", postgres)
        json.member("dispatch", ifAny: dispatch)
        json.member("simulator", ifAny: simulator)
    }
}
