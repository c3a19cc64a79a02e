// The columns of the list of messages: which there are, and which somebody has chosen.
import { h } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { remember, remembered } from "../../core/preferences.js";
import { to } from "../../core/router.js";
import { choice } from "../../parts/fields.js";
import { menu } from "../../parts/menu.js";
import { kindOf, statusBadge } from "../../parts/status.js";
import { at } from "../../parts/time.js";
import { spaced } from "../../text/number.js";
import { t } from "../../strings.js";

const orNone = (value) => (value === null || value === undefined || value === "" ? t.none : value);

const COLUMNS = [
    { key: "created_at", class: "when", cell: (row) => h("a", { href: to(["messages", row.id]) }, at(row.created_at)) },
    // Where there is little room, the status stands below the number and has no column.
    { key: "to", class: "fixed", cell: (row) => [orNone(spaced(row.to)), h("div", { class: "when-narrow" }, statusBadge(row.status))] },
    { key: "status", less: "minor", cell: (row) => statusBadge(row.status) },
    { key: "error", less: "minor", class: "tell", cell: (row) => reason(row) },
    { key: "from", less: "least", cell: (row) => orNone(row.from) },
    { key: "provider", less: "least", cell: (row) => format.title(row.provider) },
    { key: "country", less: "least", cell: (row) => format.country(row.country) },
    { key: "segments", less: "least", class: "end", cell: (row) => orNone(row.segments) },
    { key: "price", less: "least", class: "end fixed", cell: (row) => format.money(row.price) },
    { key: "submitted_by", less: "least", cell: (row) => orNone(row.submitted_by?.name) },
    { key: "updated_at", less: "least", class: "fixed", cell: (row) => at(row.updated_at) },
    { key: "provider_message_id", less: "least", class: "tell mono", cell: (row) => orNone(row.provider_message_id) },
    { key: "id", less: "least", class: "tell mono", cell: (row) => row.id },
].map((column) => ({ ...column, title: t.columns[column.key] }));

const USUAL = ["created_at", "to", "status", "error", "from", "provider", "segments"];

/** Why a message did not arrive, in short. */
export function reason(message) {
    const error = message.error;
    if (!error || message.status === "delivered" || (error.code === null && kindOf(message.status) !== "failed")) return t.none;
    const text = error.description ?? error.name ?? error.code;
    return text ? h("span", { data: { tip: text } }, text) : t.none;
}

/** [the columns as chosen, whether all of them shall be shown however little room there is]. */
export function columns() {
    const chosen = remembered("columns", USUAL);
    return [COLUMNS.filter((column) => chosen.includes(column.key) || column.key === "created_at"), !isUsual(chosen)];
}

function isUsual(chosen) {
    return USUAL.length === chosen.length && USUAL.every((key) => chosen.includes(key));
}

/** The menu in which they are chosen. */
export function columnMenu(changed) {
    const boxes = COLUMNS.filter((column) => column.key !== "created_at").map((column) => {
        const box = choice(column.title, { value: column.key });
        box.control.addEventListener("change", () => {
            const chosen = ["created_at", ...boxes.filter((one) => one.control.checked).map((one) => one.control.value)];
            remember("columns", isUsual(chosen) ? undefined : chosen);
            changed();
        });
        return box;
    });
    const draw = () => {
        const chosen = remembered("columns", USUAL);
        for (const box of boxes) box.control.checked = chosen.includes(box.control.value);
    };
    draw();
    return menu(t.columns.menu, [
        h("fieldset", null, h("legend", { class: "unseen" }, t.columns.menu), boxes.map((box) => box.element)),
        h("button", { type: "button", class: "plain", on: { click: () => {
            remember("columns", undefined);
            draw();
            changed();
        } } }, t.columns.usual),
    ], { right: true });
}
