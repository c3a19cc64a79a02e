/// Puts together the URLs that we call at providers.
enum URLText {
    /// An address that paths can be put behind: no slash at its end, `https` unless it says
    /// otherwise, as a provider may show the address of an account.
    static func base(_ text: String) -> String {
        var base = Substring(text.contains("://") ? text : "https://" + text)
        while base.hasSuffix("/") { base.removeLast() }
        return String(base)
    }
}
