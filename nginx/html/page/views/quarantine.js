// What could not be read or stored: why, what came, and reading it again: one, some, or all that the filter finds.
import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { providerOptions } from "../core/providers.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm } from "../parts/dialog.js";
import { filterBar } from "../parts/filter-bar.js";
import { doMany } from "../parts/many.js";
import { at } from "../parts/time.js";
import { workList } from "../parts/work-list.js";
import { t } from "../strings.js";
import { replayChosen, replayFound } from "./quarantine/replay.js";

export const title = () => t.nav.quarantine;

export function show({ root, query, signal }) {
    const mayReplay = session.may("send");
    const filter = filterBar("quarantine", [
        { name: "provider", label: t.filter.provider, options: providerOptions(signal) },
        { name: "reason", label: t.quarantine.reason },
        { name: "authenticated", label: t.quarantine.authenticated, options: Promise.resolve([["true", t.yes], ["false", t.no]]) },
    ]);
    // Its bytes are for those who see whole numbers and texts.
    const when = (row) => (session.may("details") ? h("a", { href: to(["quarantine", String(row.id)]) }, at(row.received_at)) : at(row.received_at, { focusable: true }));
    const list = workList({
        root, view: "quarantine", path: "/v1/quarantine", member: "quarantine", filter, words: t.quarantine, signal,
        columns: [
            { key: "at", title: t.quarantine.at, class: "when", cell: when },
            { key: "provider", title: t.columns.provider, less: "minor", cell: (row) => format.title(row.provider) },
            { key: "why", title: t.columns.error, cell: (row) => h("div", { class: "words" }, h("span", null, row.detail || row.reason),
                h("span", { class: "quiet small" }, [row.reason, row.place, t.timeline.bytes(row.bytes)].filter(Boolean).join(" · ")),
                row.authenticated ? null : h("span", { class: "small wrong" }, t.quarantine.unproved)) },
            ...(mayReplay ? [{ key: "action", title: h("span", { class: "unseen" }, t.quarantine.replay), class: "end", cell: (row) =>
                h("button", { type: "button", class: "button small-button", on: { click: () => replayOne(row) } }, t.quarantine.replay, h("span", { class: "unseen" }, ` ${row.id}`)) }] : []),
        ],
        deal: mayReplay ? {
            name: (row) => String(row.id), can: () => true,
            some: { label: t.quarantine.chosen, run: replaySome }, all: { label: t.quarantine.all, run: replayAll },
        } : null,
    });

    async function replayOne(row) {
        let answer;
        const done = await confirm({
            title: t.quarantine.oneTitle, action: t.quarantine.replay, text: t.quarantine.replayText, signal,
            run: async () => { answer = await api.post(`/v1/quarantine/${encodeURIComponent(row.id)}/replay`); },
        });
        if (!done) return;
        say(t.quarantine.read(answer));
        list.reload();
    }

    function replaySome(rows) {
        return doMany({
            title: t.quarantine.manyTitle(rows.length, false), action: t.quarantine.chosen(rows.length), total: rows.length, signal,
            text: t.quarantine.replayText, steps: (stop) => replayChosen(rows.map((row) => row.id), stop), words: { done: t.quarantine.replayed },
        });
    }

    function replayAll(asked, { count, isLeast }) {
        return doMany({
            title: t.quarantine.manyTitle(count, isLeast), action: t.quarantine.all, total: isLeast ? null : count, signal,
            text: t.quarantine.replayText, steps: (stop) => replayFound(asked, stop), words: { done: t.quarantine.replayed },
        });
    }

    list.update(query);
    return { update: list.update };
}
