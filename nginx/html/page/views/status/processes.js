// Every process of the service: where it runs, since when, its version and memory, and what it does.
import { h } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { badge } from "../../parts/status.js";
import { table } from "../../parts/table.js";
import { ago, secondsAgo } from "../../parts/time.js";
import { t } from "../../strings.js";

// Each tells of itself every ten seconds.
const SILENT_SECONDS = 30;

export function processTable(status) {
    if (!status.processes) return h("p", { class: "card" }, t.process.unknown);
    if (!status.processes.length) return h("p", { class: "card" }, t.process.none);
    const list = table({
        caption: t.process.title,
        columns: [
            { key: "kind", title: t.process.process, cell: (row) => h("div", { class: "words" },
                h("span", { class: "strong" }, t.process.kinds[row.kind] ?? row.kind),
                h("span", { class: "quiet small" }, t.process.place(row.host, row.pid)),
                h("div", { class: "when-narrow" }, state(row))) },
            { key: "state", title: t.people.state, less: "minor", class: "fixed", cell: state },
            { key: "does", title: t.process.does, cell: (row) => h("ul", { class: "small" },
                Object.entries(row.figures).map(([name, value]) => h("li", null, t.process.figures[name]?.(value) ?? `${name.replaceAll("_", " ")}: ${format.count(value)}`))) },
            { key: "started", title: t.process.age, class: "fixed", cell: (row) => ago(row.started_at, { focusable: true }) },
            { key: "version", title: t.service.version, less: "minor", class: "fixed", cell: (row) => row.version },
            { key: "memory", title: t.process.memory, less: "minor", class: "end fixed", cell: (row) => format.bytes(row.memory_bytes) },
        ],
    });
    list.set(status.processes);
    return list.element;
}

function state(row) {
    const isSilent = row.last_seen_age_seconds > SILENT_SECONDS;
    return [badge(isSilent ? "failed" : "delivered", isSilent ? t.process.silent : t.process.lives),
        isSilent ? h("p", { class: "quiet small" }, t.process.lastSeen, secondsAgo(row.last_seen_age_seconds, { focusable: true })) : null];
}
