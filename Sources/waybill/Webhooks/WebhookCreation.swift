import Domain
import Security
import Store

/// `waybill webhook create`, `change` and `rotate`.
enum WebhookCreation {
    static func run(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words,
            options: WebhookDraftArguments.options.subtracting(["clear"]).union(["signing"]),
            repeated: WebhookDraftArguments.repeated, flags: WebhookDraftArguments.flags)
        guard arguments.value("url") != nil, arguments.value("events") != nil else {
            throw CommandFailure(.usage, "--url or --events is missing")
        }
        var draft = WebhookDraft(url: "", events: [])
        try WebhookDraftArguments(arguments).apply(to: &draft)
        let secret = try secret(arguments)
        let made = try WebhookCommand.with { [draft] store throws(StoreFailure) in
            try store.create(draft, secret: secret, by: .commandLine)
        }
        guard let made else {
            throw CommandFailure("there are \(webhookLimit) webhooks; delete those nobody uses")
        }
        Output.line("\(made.id)\t\(try text(of: secret))")
        return 0
    }

    static func change(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(
            words, options: WebhookDraftArguments.options,
            repeated: WebhookDraftArguments.repeated, flags: WebhookDraftArguments.flags,
            positional: 1...1)
        let id = try WebhookCommand.id(arguments)
        guard
            let (webhook, _) = try WebhookCommand.with({ store throws(StoreFailure) in
                try store.webhook(id)
            })
        else { throw CommandFailure("there is no webhook \(id)") }
        var draft = webhook.draft
        try WebhookDraftArguments(arguments).apply(to: &draft)
        guard draft != webhook.draft else {
            throw CommandFailure(.usage, "nothing is changed by this")
        }
        guard webhook.origin == .made || draft.url == webhook.draft.url else {
            throw CommandFailure("--url: the messages themselves name it")
        }
        let isChanged = try WebhookCommand.with { [draft] store throws(StoreFailure) in
            try store.change(webhook, to: draft, by: .commandLine)
        }
        guard isChanged else {
            throw CommandFailure("somebody else has changed it meanwhile; repeat this")
        }
        return 0
    }

    static func rotate(_ words: [String]) throws -> Int32 {
        let arguments = try Arguments(words, options: ["overlap", "signing"], positional: 1...1)
        let id = try WebhookCommand.id(arguments)
        let overlap = try arguments.integer("overlap", in: 0...604_800) ?? 86_400
        let secret = try secret(arguments)
        let isRotated = try WebhookCommand.with { store throws(StoreFailure) in
            try store.rotate(id, secret: secret, overlap: .seconds(overlap), by: .commandLine)
        }
        guard isRotated else { throw CommandFailure("there is no webhook \(id)") }
        Output.line(try text(of: secret))
        return 0
    }

    private static func secret(_ arguments: Arguments) throws -> WebhookSecret {
        let kind: WebhookSecret.Kind
        switch arguments.value("signing") {
        case nil, "v1": kind = .shared
        case "v1a": kind = .keyPair
        default: throw CommandFailure(.usage, "--signing takes v1 or v1a")
        }
        return WebhookSecret(kind, try RandomBytes.make(count: WebhookKey.byteCount))
    }

    private static func text(of secret: WebhookSecret) throws -> String {
        switch secret.kind {
        case .shared: try WebhookKey(shared: secret.bytes).receiverText
        case .keyPair: try WebhookKey(private: secret.bytes).receiverText
        }
    }
}
