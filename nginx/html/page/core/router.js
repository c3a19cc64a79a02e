// The address bar: #/view/id?query. What is behind the # is never sent to a server, so no number that
// somebody looks for ends in a log. Back, forward and sharing work on it.

/** The place that the address names: {path: ["messages", id], query}. */
export function place() {
    const text = location.hash.replace(/^#\/?/, "");
    const [path, query = ""] = text.split(/\?(.*)/s);
    return {
        path: path.split("/").filter(Boolean).map(decode),
        query: new URLSearchParams(query),
    };
}

function decode(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}

/** The address of a view: to("messages", {status: "failed"}) or to(["messages", id]). */
export function to(path, query) {
    const steps = [path].flat().map(encodeURIComponent).join("/");
    const parameters = query instanceof URLSearchParams ? query : new URLSearchParams();
    if (query && !(query instanceof URLSearchParams)) {
        for (const [name, value] of Object.entries(query)) {
            if (value !== undefined && value !== null && value !== "") parameters.set(name, value);
        }
    }
    const text = parameters.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return `#/${steps}${text ? `?${text}` : ""}`;
}

/** Goes to an address; `replace` leaves no step for "back". */
export function go(address, { replace = false } = {}) {
    if (address === location.hash) return;
    if (replace) {
        history.replaceState(null, "", address);
        dispatchEvent(new HashChangeEvent("hashchange"));
    } else {
        location.hash = address;
    }
}
