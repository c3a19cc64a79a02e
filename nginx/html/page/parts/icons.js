// Small drawings, each of one path on a ground of 24 by 24.
import { s } from "../core/dom.js";

const PATHS = {
    overview: "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
    messages: "M4 5h16v11H9l-5 4z",
    send: "M4 12 20 4l-5 16-4-6zM11 14l9-10",
    inbound: "M4 5h16v11H9l-5 4zM12 7v6M9 10.500l3 3 3-3",
    "opt-outs": "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM6.500 6.500l11 11",
    "dead-letters": "M4 6h16v12H4zM4 6l8 7 8-7M15 15l5 5M20 15l-5 5",
    quarantine: "M12 3l8 3v6c0 5-3.500 7.500-8 9-4.500-1.500-8-4-8-9V6zM12 8v5M12 16.500h.010",
    webhooks: "M12 8a3 3 0 1 0-2.600-1.500L7 12M6 20a3 3 0 1 0 2.800-4H17M18 20a3 3 0 1 0-2.600-4.500L12 9",
    people: "M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 20c0-3.500 2.500-5.500 6-5.500s6 2 6 5.500M16 4.500a3.500 3.500 0 0 1 0 6M17.500 15c2.200.700 3.500 2.400 3.500 5",
    keys: "M14 10a4.500 4.500 0 1 0-4 4.500L12 16h2v2h2v2h4v-4l-6-6zM8.500 9.500h0",
    audit: "M6 3h9l4 4v14H6zM9 11h7M9 15h7M9 7h3",
    status: "M3 12h4l3-8 4 16 3-8h4",
    account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.500-6 8-6s8 2 8 6",
    out: "M14 4H5v16h9M10 12h11M17 8l4 4-4 4",
    more: "M5 12h.010M12 12h.010M19 12h.010",
    search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 21 21",
    close: "M6 6l12 12M18 6 6 18",
    delivered: "M5 13l4.500 4.500L19 7",
    way: "M4 12h13M12 6l6 6-6 6",
    failed: "M12 5v9M12 19h.010",
    unknown: "M8.500 9a3.500 3.500 0 1 1 5 3.200c-1 .500-1.500 1.200-1.500 2.300M12 19h.010",
    chevron: "M9 5l7 7-7 7",
};

/** An icon; a word stands beside it wherever it is used, so screen readers skip it. */
export function icon(name) {
    return s("svg", { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" },
        s("path", { d: PATHS[name] }));
}

export function logo() {
    return s("svg", { viewBox: "0 0 32 32", class: "logo", "aria-hidden": "true" },
        s("rect", { width: 32, height: 32, rx: 7 }),
        s("path", { d: "M6 10l4.500 13L16 12l5.500 11L26 10" }));
}
