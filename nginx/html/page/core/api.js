// The JSON API: every request of the page goes through here.

/** Why a request did not succeed. `kind` decides what a view says and offers. */
export class Problem extends Error {
    constructor(kind, fields = {}) {
        super(fields.detail ?? kind);
        this.kind = kind;
        this.status = fields.status ?? 0;
        this.code = fields.code ?? kind;
        this.detail = fields.detail ?? "";
        this.errors = fields.errors ?? [];
        this.requestID = fields.request_id ?? null;
        this.retryAfter = fields.retryAfter ?? null;
        this.fields = fields;
    }
}

const KINDS = new Map([
    [401, "signed_out"], [403, "forbidden"], [404, "not_found"], [429, "slow_down"],
]);

const listeners = new Set();

/** Calls back when an answer says that nobody is signed in any more. */
export function onSignedOut(listener) {
    listeners.add(listener);
}

/** A path with a query; empty values are left out, lists repeat nothing but join with commas. */
export function address(path, query = {}) {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value === undefined || value === null || value === "") continue;
        parameters.set(name, Array.isArray(value) ? value.join(",") : String(value));
    }
    const text = parameters.toString();
    return text ? `${path}?${text}` : path;
}

/** A request with the session's cookie; throws a Problem unless the status is one of success. A body with a
 * `type` is sent as it is. */
export async function request(method, path, { body, type, headers = {}, signal } = {}) {
    const options = {
        method, signal, cache: "no-store", credentials: "same-origin", redirect: "error",
        headers: { Accept: "application/json", ...headers },
    };
    if (method === "POST" || method === "PATCH") {
        options.headers["Content-Type"] = type ?? "application/json";
        options.body = type ? body : JSON.stringify(body ?? {});
    }
    let answer;
    try {
        answer = await fetch(path, options);
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new Problem(navigator.onLine === false ? "offline" : "unreachable");
    }
    if (answer.ok) return answer;
    let fields = {};
    try {
        fields = await answer.json();
    } catch {
        // Not ours: the status has to do.
    }
    const kind = KINDS.get(answer.status) ?? (answer.status >= 500 ? "failed" : "refused");
    const problem = new Problem(kind, {
        ...fields, status: answer.status,
        retryAfter: Number(answer.headers.get("Retry-After")) || null,
    });
    if (kind === "signed_out" && path !== "/v1/session") {
        for (const listener of listeners) listener();
    }
    throw problem;
}

async function json(method, path, options) {
    const answer = await request(method, path, options);
    if (answer.status === 204) return null;
    const text = await answer.text();
    return text ? JSON.parse(text) : null;
}

export const api = {
    get: (path, query, signal) => json("GET", address(path, query), { signal }),
    post: (path, body, options) => json("POST", path, { body, ...options }),
    patch: (path, body, options) => json("PATCH", path, { body, ...options }),
    delete: (path, options) => json("DELETE", path, options),
};
