import Security
import Testing

@testable import Simulator

@Suite("Plivo's signature")
struct PlivoSignerTests {
    private static let base = "https://dlr.example.com"
    private static let form =
        "From=12025550123&To=447700900456&Status=delivered"
        + "&MessageUUID=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa&PowerpackUUID="

    /// Source: providers.md, B.3, "V3 test vectors".
    @Test(
        "The vectors of Plivo's own SDKs",
        arguments: [
            (
                base + "/plivo/status", form, "31627761595286130198",
                "gexWqu6JQ21GYsvlAdxn3AtQ9dR5u4RU11yGmST3b/0="
            ),
            (
                base + ":8443/plivo/status?tenant=acme&ref=ord%2F1001", form,
                "48207719053312640017", "meGWUbJGZui6EhhnKYzKg6fnwn874S6tnxMQK7VCQE4="
            ),
            (
                base + "/plivo/status?tenant=acme&Status=sent"
                    + "&MessageUUID=5f0c2f34-9d1b-4c57-8c39-2a64c1f0e7aa"
                    + "&MessageTime=2026-11-20+09%3A15%3A01.128412", "", "90011223344556677889",
                "qJvohp5E8PWNHqnogcF2MqMUt6Hh79Owna7nob8wZ+I="
            ),
            (
                base + "/plivo/in?b=2&a=1&b=10",
                "From=12025550123&Text=Zo%C3%AB+%F0%9F%9A%9A&Media=z&Media=a&Media=m",
                "55500011122233344455", "g9X/XqzXEEaqqqjeey9UbSfuAGBsHZhFaHv9PYFDEic="
            ),
            (
                base + "/plivo/status", "", "31627761595286130201",
                "BhbW4yP3INqq3Lhh4y7qWJjpxNSTeIZ6Ityz2vuu+zY="
            ),
        ])
    func vectors(url: String, form: String, nonce: String, expected: String) {
        let signer = PlivoSigner(Secret(Harness.token))
        let signature = signer.signature(url: url, body: Array(form.utf8), nonce: nonce)
        #expect(signature == expected)
    }

    @Test("Without a token nothing is signed")
    func noToken() {
        #expect(PlivoSigner(nil).headers(url: Self.base, body: [], nonce: "1").isEmpty)
    }
}
