import Foundation

/// The demo's nginx: the repository's own site files and a small nginx.conf.
struct DemoNginx {
    private let directory: DemoDirectory
    private let programs: DemoPrograms

    /// High enough for a benchmark: all callbacks come from one address.
    private static let callbacksRate = "100000r/s"

    init(_ directory: DemoDirectory, _ programs: DemoPrograms) {
        self.directory = directory
        self.programs = programs
    }

    /// The user of nginx's workers, if it is not ours.
    var workerUser: String? {
        guard getuid() == 0 else { return nil }
        return ["www-data", "nginx", "nobody"].first { getpwnam($0) != nil }
    }

    /// Copies the site's files and writes nginx.conf.
    ///
    /// - Parameters:
    ///   - site: the folder of the site's files.
    ///   - port: of HTTPS.
    ///   - simulatorPort: of the simulator; nil leaves it out.
    ///   - certificate: of the site.
    ///   - origins: whose pages may call the API; as WAYBILL_CORS_ORIGINS has them.
    /// - Throws: `DemoError` naming the file that cannot be written.
    func configure(
        site: String, port: UInt16, simulatorPort: UInt16?, certificate: DemoCertificate,
        origins: String = ""
    ) throws(DemoError) {
        let folder = directory.nginx
        do {
            let manager = FileManager.default
            for name in ["temp", "waybill"] {
                try manager.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            }
            for name in try manager.contentsOfDirectory(atPath: site) where name.hasSuffix(".conf")
            {
                let target = "\(folder)/waybill/\(name)"
                try? manager.removeItem(atPath: target)
                try manager.copyItem(atPath: "\(site)/\(name)", toPath: target)
            }
            try name(origins, in: "\(folder)/waybill/cors.conf")
            try copyPage(from: "\(site)/html", to: "\(folder)/waybill/html")
            for (source, name) in [
                (certificate.certificate, "certificate.pem"), (certificate.key, "key.pem"),
                (certificate.authority, "ca.pem"),
            ] {
                guard let data = manager.contents(atPath: source),
                    PrivateFile.write(data, to: "\(folder)/\(name)")
                else { throw DemoError("cannot write \(folder)/\(name)") }
            }
            try write("demo", as: "nginx.conf", of: site, port, simulatorPort)
            // Included if it is there.
            unlink(folder + "/simulator.conf")
            if simulatorPort != nil {
                try write("simulator", as: "simulator.conf", of: site, port, simulatorPort)
            }
        } catch {
            throw DemoError("cannot configure nginx in \(folder): \(error)")
        }
    }

    /// Names origins in the file for nginx's own errors. What is no origin is left to the responder,
    /// which does not start with it.
    private func name(_ origins: String, in file: String) throws {
        let lines = origins.split { $0 == "," || $0.isNewline }
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.wholeMatch(of: /https?:\/\/[a-z0-9.:\[\]_-]+/) != nil }
            .map { "    \"\($0)\" $http_origin;\n" }
        guard !lines.isEmpty else { return }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let list = "map $http_origin $waybill_cors_origin {\n"
        try text.replacingOccurrences(of: list, with: list + lines.joined())
            .write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// Copies the page's files so that nginx's workers can read them, whoever owns the originals.
    private func copyPage(from source: String, to target: String) throws {
        let manager = FileManager.default
        try? manager.removeItem(atPath: target)
        try manager.copyItem(atPath: source, toPath: target)
        chmod(target, 0o755)
        for name in try manager.subpathsOfDirectory(atPath: target) {
            chmod("\(target)/\(name)", name.contains(".") ? 0o644 : 0o755)
        }
    }

    /// Fills in a template.
    private func write(
        _ template: String, as name: String, of site: String, _ port: UInt16,
        _ simulatorPort: UInt16?
    ) throws {
        var text = try String(contentsOfFile: "\(site)/\(template).conf.template", encoding: .utf8)
        for (name, value) in [
            ("@DIRECTORY@", directory.nginx), ("@PORT@", String(port)),
            ("@SIMULATOR_PORT@", simulatorPort.map { String($0) } ?? ""),
            ("@USER@", workerUser.map { "user \($0);" } ?? ""),
            ("@CALLBACKS_RATE@", Self.callbacksRate),
        ] {
            text = text.replacingOccurrences(of: name, with: value)
        }
        try text.write(
            toFile: "\(directory.nginx)/\(name)", atomically: true, encoding: .utf8)
    }

    /// How nginx is started, in the foreground.
    var server: DemoChild.Plan {
        DemoChild.Plan(
            name: "nginx", program: programs.nginx,
            arguments: ["-p", directory.nginx, "-c", directory.nginx + "/nginx.conf"],
            log: directory.logs + "/nginx.log")
    }
}
