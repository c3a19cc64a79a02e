import Domain
private import Security

extension Authenticator {
    /// Who reads a stream, and what is looked at again while it is open. Reading one is no activity:
    /// an open page does not keep its session alive.
    func streamReader(_ access: Access, _ request: APIRequest) throws(Problem) -> StreamReader {
        let caller = try require(access, request, isActivity: false)
        let principal = caller.principal
        let credential = caller.credential(request)
        return StreamReader(
            credential: credential, role: principal.role, address: request.address,
            seesDetails: principal.seesDetails)
    }
}

extension APICaller {
    /// What admitted the caller, for a look at it later, while a long answer goes on; nil of a user whom
    /// single sign-on names.
    ///
    /// - Parameter request: the caller's.
    /// - Returns: the key's secret or the session.
    func credential(_ request: APIRequest) -> StreamCredential? {
        if let session = signedIn?.session { return .session(session.id) }
        guard principal.role == nil, let secret = request.authorization?.split(separator: " ").last,
            let token = APIToken(String(secret))
        else { return nil }
        return .key(hash: token.digest.bytes)
    }
}
