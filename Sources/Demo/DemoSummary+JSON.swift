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
            json.object("user") { json in
                json.member("email", user.email)
                json.member("password", user.password)
            }
            for caller in callers {
                json.object(caller.name) { json in
                    for (name, value) in caller.members { json.member(name, value) }
                }
            }
            json.member("simulator_url", ifAny: simulator_url)
            json.object("pids") { pids.write(into: &$0) }
        }
        return json.bytes
    }
}

extension DemoSummary.Processes {
    fileprivate func write(into json: inout JSONWriter) {
        json.member("nginx", nginx)
        json.member("responder", responder)
        json.member("postgres", postgres)
        json.member("dispatch", ifAny: dispatch)
        json.member("simulator", ifAny: simulator)
        json.member("deliver", ifAny: deliver)
        json.member("egress", ifAny: egress)
    }
}
