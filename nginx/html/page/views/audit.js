// The audit: who did what, to what, from where, with what was before and after.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { go, to } from "../core/router.js";
import { field, form } from "../parts/fields.js";
import { empty, loading, trouble } from "../parts/states.js";
import { table } from "../parts/table.js";
import { at } from "../parts/time.js";
import { t } from "../strings.js";

const FILTERS = ["principal", "action", "object", "since", "until"];
const PAGE = 50;

export const title = () => t.nav.audit;

export function show({ root, query: firstQuery, signal }) {
    let query = firstQuery;
    const principal = field(t.audit.principal, { autocomplete: "off" }, { hint: t.audit.principalHint });
    const action = field(t.audit.action, { value: "" }, { tag: "select", options: [["", t.audit.anyAction], ...Object.entries(t.actions)] });
    const body = h("div", { class: "stack tight" }, loading());
    const foot = h("div", { class: "list-foot" });
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.audit)),
        form({ class: "audit-filter", role: "search" }, () => go(to("audit", { principal: principal.value.trim(), action: action.value, object: query.get("object") })),
            principal.element, action.element, h("button", { type: "submit", class: "button" }, t.filter.find)),
        body, foot);
    const list = table({
        caption: t.nav.audit, id: (row) => row.number,
        columns: [
            { key: "at", title: t.audit.when, class: "when", cell: (row) => at(row.at, { focusable: true }) },
            { key: "who", title: t.audit.principal, cell: (row) => row.principal?.name ?? t.audit.system },
            { key: "what", title: t.audit.action, cell: (row) => h("div", { class: "words" }, h("span", { class: "strong" }, t.actions[row.action] ?? row.action.replaceAll(/[._]/g, " ")), target(row), h("div", { class: "when-less" }, changes(row))) },
            { key: "change", title: t.audit.change, less: "least", cell: (row) => changes(row) ?? t.none },
            { key: "from", title: t.audit.address, less: "least", cell: (row) => row.address ?? t.none },
        ],
    });

    async function load(cursor) {
        try {
            const ask = Object.fromEntries(FILTERS.map((name) => [name, query.get(name)]));
            const answer = await api.get("/v1/audit", { ...ask, limit: PAGE, cursor }, signal);
            if (!cursor) {
                list.set(answer.entries);
                put(body, answer.entries.length ? list.element : empty(t.audit.none));
            } else list.append(answer.entries);
            put(foot, answer.next ? h("button", { type: "button", class: "button", on: { click: () => load(answer.next) } }, t.messages.older)
                : list.size ? h("p", { class: "quiet small" }, t.audit.end(list.size)) : null);
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, () => load(cursor)));
        }
    }

    function update(next) {
        query = next;
        principal.control.value = query.get("principal") ?? "";
        action.control.value = query.get("action") ?? "";
        load();
    }
    update(firstQuery);
    return { update };
}

/** What it was done to, with a link where the page has a view of it. */
function target(row) {
    if (!row.object) return null;
    const path = { "message.cancel": "messages", "message.send": "sent" }[row.action];
    return path ? h("a", { class: "small", href: to([path, row.object]) }, row.object)
        : h("span", { class: "quiet small" }, row.object);
}

/** What changed, as name: before → after. */
function changes(row) {
    const names = [...new Set([...Object.keys(row.before ?? {}), ...Object.keys(row.after ?? {})])]
        .filter((name) => JSON.stringify(row.before?.[name]) !== JSON.stringify(row.after?.[name]));
    const parts = names.map((name) => {
        const before = row.before && name in row.before ? `${write(row.before[name])} → ` : "";
        return `${name.replaceAll("_", " ")}: ${before}${write(row.after?.[name])}`;
    });
    // What the detail repeats of both is left out.
    const detail = Object.entries(row.detail ?? {}).filter(([name]) => !names.includes(name)).map(([name, value]) => `${name.replaceAll("_", " ")}: ${write(value)}`);
    const text = [...parts, ...detail].join("; ");
    return text ? h("span", { class: "small" }, text) : null;
}

function write(value) {
    if (value === null || value === undefined || value === "") return t.none;
    if (Array.isArray(value)) return value.join(", ") || t.none;
    if (typeof value === "boolean") return value ? t.yes.toLowerCase() : t.no.toLowerCase();
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}
