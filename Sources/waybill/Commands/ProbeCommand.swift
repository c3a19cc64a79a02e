import Demo
import Domain
import Foundation

/// `waybill probe`: the whole way of a callback through a deployment, seen from outside.
enum ProbeCommand {
    static let help = """
        usage: waybill probe [--url https://HOST] [--provider NAME]
                             [--key-file FILE] [--ca FILE] [--every TIME]

        Posts a signed callback for a made-up message to a deployment's public URL, reads the
        message's status back, and tells the time of each hop. Exit status 0 if all is well; 1 with
        what failed and what to do; 78 if the configuration has problems.

          --url URL          the deployment; the first APP_BASE_URL unless given
          --provider NAME    as whom to call; the first one that is configured unless given
          --key-file FILE    holds an API key with scope read; WAYBILL_API_KEY unless given
          --ca FILE          certificate authority to trust (PEM), where the system does not know it
          --every TIME       goes on until a signal comes, with a line for each probe: 10s to 24h. The
                             exit status is that of the last one

        The provider's credentials come from the same environment as for `waybill serve`; the first
        method that has a secret signs, as the documentation lists them. The message stays in the
        database as waybill-probe-…, delivered to +447700900000, a number that Ofcom reserves for
        drama.
        """

    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: ["url", "provider", "key-file", "ca", "every"])
        let settings = try ProbeSettings(arguments)
        guard let openssl = DemoPrograms.find("openssl") else {
            throw CommandFailure(
                "missing: openssl. Install with: apt-get update && apt-get install -y openssl")
        }
        if let every = arguments.value("every") {
            guard let interval = DurationText.read(every, most: 86_400), interval >= .seconds(10)
            else {
                throw CommandFailure(
                    .usage, "--every takes a time from 10s to 24h, as in 60s or 5m")
            }
            return ProbeRepetition(settings, openssl: openssl).run(every: interval)
        }
        let callback = try ProbeCallback(settings, identifier: UUID().uuidString.lowercased())
        Output.line(
            "\(settings.url) as \(settings.provider.name)"
                + " (\(callback.method)), message \(callback.messageID)")
        try Probe(settings, callback).run(openssl: openssl) { Output.line($0) }
        Output.line("all is well")
        return 0
    }
}
