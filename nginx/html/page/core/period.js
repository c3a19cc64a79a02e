// Periods that lists are filtered by: presets by name, and exact times in the viewer's zone.

const HOUR = 3600 * 1000;

/** Presets of the period. In the address they stand by name, so that a link means the same tomorrow. */
export const RANGES = ["hour", "today", "yesterday", "week", "month"];

/** {since, until} of a preset. */
export function period(range, now = new Date()) {
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
    switch (range) {
    case "hour": return { since: new Date(now - HOUR) };
    case "today": return { since: midnight };
    case "yesterday": {
        const before = new Date(midnight);
        before.setDate(before.getDate() - 1);
        return { since: before, until: midnight };
    }
    case "week": return { since: new Date(now - 7 * 24 * HOUR) };
    case "month": return { since: new Date(now - 30 * 24 * HOUR) };
    default: return {};
    }
}

/** A time of the address in the form of a datetime-local field. */
export function local(text) {
    const time = new Date(text ?? "");
    if (Number.isNaN(time.getTime())) return "";
    return new Date(time - time.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
}

/** What such a field holds, as a time of the API; empty for none. */
export function utc(text) {
    const time = new Date(text);
    return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}
