// The filter of a list of messages: what the address says of it, and what the API is asked.
import { period, RANGES } from "../../core/period.js";

/** The API's own filters, by its names; metadata.KEY besides. */
export const FILTERS = [
    "q", "status", "final", "provider", "error_code", "to", "to_prefix", "from", "country",
    "since", "until", "submitted_by", "send_request_id",
];

/** The conditions that an address sets, as [name, value] in the order of the list. */
export function conditions(query) {
    const list = [];
    for (const name of FILTERS) {
        const value = query.get(name);
        if (value) list.push([name, value]);
    }
    if (RANGES.includes(query.get("range"))) list.push(["range", query.get("range")]);
    for (const [name, value] of query) if (name.startsWith("metadata.")) list.push([name, value]);
    return list;
}

/**
 * What the API is asked. A preset becomes times once: the pages of one search must have the same
 * filter.
 */
export function apiQuery(query, now = new Date()) {
    const result = Object.fromEntries(conditions(query).filter(([name]) => name !== "range"));
    const { since, until } = period(query.get("range"), now);
    if (since) result.since = since.toISOString();
    if (until) result.until = until.toISOString();
    return result;
}

/** The address' query with some conditions set; null or "" takes one away. */
export function changed(query, changes) {
    const result = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) {
        if (value) result.set(name, value);
        else result.delete(name);
    }
    if (changes.since || changes.until) result.delete("range");
    if (changes.range) {
        result.delete("since");
        result.delete("until");
    }
    return result;
}
