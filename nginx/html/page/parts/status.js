// A status: always a word with a shape, in the colour of its kind.
import { h } from "../core/dom.js";
import { t } from "../strings.js";
import { icon } from "./icons.js";

const KINDS = {
    delivered: "delivered",
    queued: "way", accepted: "way", sent: "way",
    undeliverable: "failed", expired: "failed", rejected: "failed", failed: "failed",
    partially_delivered: "failed",
    cancelled: "unknown", unknown: "unknown",
};

/** All statuses of messages, in the order of their way. */
export const STATUSES = [
    "queued", "accepted", "sent", "delivered", "partially_delivered", "undeliverable", "expired",
    "rejected", "failed", "cancelled", "unknown",
];

/** One of delivered, way, failed, unknown. */
export function kindOf(status) {
    return KINDS[status] ?? "unknown";
}

export function statusBadge(status) {
    return badge(kindOf(status), t.status[status] ?? status);
}

/** Any word with the look of a kind. */
export function badge(kind, word) {
    return h("span", { class: `badge ${kind}` }, icon(kind), h("span", null, word));
}
