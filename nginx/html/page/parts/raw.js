// What somebody sent, as it was received: as text where it is text, and as bytes.
import { h } from "../core/dom.js";
import { t } from "../strings.js";
import { hexDump, readable, textOf } from "../text/bytes.js";

/** The bytes; those that are not text show as hexadecimal digits only. */
export function rawBytes(bytes) {
    const text = textOf(bytes);
    if (!bytes.length) return h("p", { class: "quiet" }, t.raw.empty);
    if (text === null) return [h("p", { class: "quiet small" }, t.raw.notText), dump(bytes)];
    const details = h("details", { class: "raw-callback" }, h("summary", null, t.raw.asBytes));
    // Made when somebody wants it: it is long.
    details.addEventListener("toggle", () => {
        if (details.childElementCount === 1) details.append(dump(bytes));
    });
    return [h("pre", { tabindex: "0" }, readable(text)), details];
}

function dump(bytes) {
    return h("pre", { class: "dump", tabindex: "0" }, hexDump(bytes));
}
