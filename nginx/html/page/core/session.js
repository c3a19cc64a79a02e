// Who is signed in, and what they may do. The page shows no button that would be refused.
import { api, Problem } from "./api.js";

let current = null;

/** What the server says of the session: {user, role, permissions, must_set_up_totp, session}. */
export function session() {
    return current;
}

export function user() {
    return current?.user ?? null;
}

/** Whether the user may do this: "read", "send", "admin", or see "details" of messages. */
export function may(permission) {
    return current?.permissions.includes(permission) ?? false;
}

/** Asks the server who is signed in; null if nobody is. */
export async function load(signal) {
    try {
        current = await api.get("/v1/session", { activity: "false" }, signal);
    } catch (error) {
        if (!(error instanceof Problem) || error.status !== 401) throw error;
        current = null;
    }
    return current;
}

/** Signs in; throws a Problem. */
export async function signIn(email, password, code) {
    current = await api.post("/v1/session", code ? { email, password, code } : { email, password });
    return current;
}

/** Ends the session; here it has ended even if the server cannot be reached. */
export async function signOut() {
    try {
        await api.delete("/v1/session");
    } finally {
        current = null;
    }
}

export function forget() {
    current = null;
}
