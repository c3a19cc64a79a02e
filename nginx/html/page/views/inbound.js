// What people wrote to our numbers, the latest first; each leads to the whole conversation.
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { providerOptions } from "../core/providers.js";
import { to } from "../core/router.js";
import { exportLink } from "../parts/export-link.js";
import { filterBar } from "../parts/filter-bar.js";
import { at } from "../parts/time.js";
import { workList } from "../parts/work-list.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";

export const title = () => t.nav.inbound;

export function show({ root, query, signal }) {
    const filter = filterBar("inbound", [
        { name: "q", label: t.inbound.find, hint: t.inbound.findHint },
        { name: "provider", label: t.filter.provider, options: providerOptions(signal) },
        { name: "type", label: t.inbound.type, options: Promise.resolve(Object.entries(t.inbound.types)) },
    ]);
    const number = (text) => (text ? spaced(text) : t.none);
    // A masked number names nobody.
    const who = (row) => (/^\+\d+$/.test(row.from ?? "") ? h("a", { href: to(["inbound", row.from]) }, number(row.from)) : number(row.from));
    const list = workList({
        root, view: "inbound", path: "/v1/inbound", member: "inbound", filter, words: t.inbound, signal, deal: null,
        columns: [
            { key: "from", title: t.inbound.from, class: "fixed", cell: who },
            { key: "text", title: t.inbound.text, cell: (row) => h("div", { class: "words" },
                h("span", null, row.text ?? t.inbound.noText),
                h("span", { class: "quiet small" }, [row.type === "sms" ? null : t.inbound.types[row.type], row.media.length ? t.inbound.files(row.media.length) : null,
                    row.source === "poll" ? t.inbound.recovered : null].filter(Boolean).join(" · "))) },
            { key: "to", title: t.inbound.to, less: "minor", class: "fixed", cell: (row) => number(row.to) },
            { key: "provider", title: t.columns.provider, less: "least", cell: (row) => format.title(row.provider) },
            { key: "at", title: t.inbound.at, cell: (row) => at(row.sent_at ?? row.received_at, { focusable: true }) },
        ],
    });
    const exported = exportLink("/v1/inbound");
    root.querySelector(".section-head .buttons").append(exported.element);
    const update = (next) => {
        list.update(next);
        exported.update(filter.conditions);
    };
    update(query);
    return { update };
}
