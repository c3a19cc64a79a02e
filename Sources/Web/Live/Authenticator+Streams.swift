import Domain
private import Security

extension Authenticator {
    /// Who reads a stream, and what is looked at again while it is open. Reading one is no activity:
    /// an open page does not keep its session alive.
    func streamReader(_ access: Access, _ request: APIRequest) throws(Problem) -> StreamReader {
        let caller = try require(access, request, isActivity: false)
        let principal = caller.principal
        var credential: StreamCredential?
        if let session = caller.signedIn?.session {
            credential = .session(session.id)
        } else if principal.role == nil,
            let secret = request.authorization?.split(separator: " ").last,
            let token = APIToken(String(secret))
        {
            credential = .key(hash: token.digest.bytes)
        }
        return StreamReader(
            credential: credential, role: principal.role, address: request.address,
            seesDetails: principal.seesDetails)
    }
}
