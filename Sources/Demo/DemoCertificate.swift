import Foundation

/// A certificate authority of the demo's own and a certificate for localhost, kept between runs.
struct DemoCertificate {
    /// The authority's certificate, for clients to trust.
    let authority: String
    let certificate: String
    let key: String

    /// Makes what is missing, or all of it again in its last week.
    ///
    /// - Throws: `DemoError` with openssl's message, or that of a stop.
    init(
        in directory: DemoDirectory, openssl: String, stop: StopRequest
    ) throws(DemoError) {
        authority = directory.tls + "/ca.pem"
        certificate = directory.tls + "/server.pem"
        key = directory.tls + "/server.key"
        let log = directory.logs + "/openssl.log"
        func run(_ arguments: String...) throws(DemoError) {
            try stop.run(
                .init(name: "openssl", program: openssl, arguments: arguments, log: log))
        }
        let week = "604800"
        if (try? run("x509", "-in", certificate, "-noout", "-checkend", week)) != nil,
            FileManager.default.fileExists(atPath: key)
        {
            return
        }
        let authorityKey = directory.tls + "/ca.key"
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try stop.run(
            .init(
                name: "openssl", program: openssl,
                arguments: ["req", "-x509", "-days", "365", "-subj", "/CN=Waybill demo CA"] + curve
                    + ["-keyout", authorityKey, "-out", authority]
                    + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"], log: log))
        let request = directory.tls + "/server.csr"
        try stop.run(
            .init(
                name: "openssl", program: openssl,
                arguments: ["req", "-new", "-subj", "/CN=localhost"] + curve
                    + ["-keyout", key, "-out", request], log: log))
        let extensions = directory.tls + "/server.ext"
        let text = """
            subjectAltName=DNS:localhost,IP:127.0.0.1
            basicConstraints=critical,CA:FALSE
            keyUsage=critical,digitalSignature
            extendedKeyUsage=serverAuth
            subjectKeyIdentifier=hash
            authorityKeyIdentifier=keyid
            """
        guard (try? text.write(toFile: extensions, atomically: true, encoding: .utf8)) != nil else {
            throw DemoError("cannot write \(extensions)")
        }
        try run(
            "x509", "-req", "-in", request, "-CA", authority, "-CAkey", authorityKey,
            "-CAcreateserial", "-days", "364", "-extfile", extensions, "-out", certificate)
    }
}
