// A link that exports as CSV what the list beside it shows, all pages of it.
import { address } from "../core/api.js";
import { h } from "../core/dom.js";
import { t } from "../strings.js";

/** The link to an API's list; `update` takes the conditions of its filter. */
export function exportLink(path) {
    const element = h("a", { class: "button", download: "" }, t.action.csv);
    return {
        element,
        update(conditions) {
            element.setAttribute("href", address(path, { ...conditions, format: "csv" }));
        },
    };
}
