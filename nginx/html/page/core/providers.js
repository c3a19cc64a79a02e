// The providers' names: they are the service's data, and the page knows none of them.
import { api } from "./api.js";
import * as format from "./format.js";

let names = null;

/** The names, asked for once; none if they cannot be had. */
export function providerNames(signal) {
    names ??= api.get("/v1/status", {}, signal)
        .then((status) => Object.keys(status.providers))
        .catch(() => {
            names = null;
            return [];
        });
    return names;
}

/** The same for a choice: [value, text] pairs. */
export async function providerOptions(signal) {
    return (await providerNames(signal)).map((name) => [name, format.title(name)]);
}
