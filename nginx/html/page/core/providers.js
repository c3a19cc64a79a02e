// The providers' names: they are the service's data, and the page knows none of them.
import { api } from "./api.js";

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
