// Who must get no messages: since when, who said so and why, and taking it back.
import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm, open } from "../parts/dialog.js";
import { exportLink } from "../parts/export-link.js";
import { assign, field, form } from "../parts/fields.js";
import { filterBar } from "../parts/filter-bar.js";
import { explain } from "../parts/states.js";
import { at } from "../parts/time.js";
import { workList } from "../parts/work-list.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";
import { importButton } from "./opt-outs/import.js";

// A masked number names nobody.
const isWhole = (number) => /^\+\d+$/.test(number ?? "");

export const title = () => t.nav["opt-outs"];

export function show({ root, query, signal }) {
    const mayChange = session.may("send");
    const filter = filterBar("opt-outs", [
        { name: "to", label: t.optOuts.number },
        { name: "source", label: t.optOuts.source, options: Promise.resolve(Object.entries(t.optOuts.sources)) },
    ]);
    const who = (row) => {
        if (!row.to) return t.optOuts.erased;
        return isWhole(row.to) ? h("a", { href: to(["inbound", row.to]) }, spaced(row.to)) : row.to;
    };
    const cause = (row) => {
        if (row.cause.message_id) return h("a", { href: to(["messages", row.cause.message_id]) }, t.optOuts.message);
        return row.cause.inbound_id && isWhole(row.to) ? h("a", { href: to(["inbound", row.to]) }, t.optOuts.answer) : t.none;
    };
    const list = workList({
        root, view: "opt-outs", path: "/v1/opt-outs", member: "opt_outs", filter, words: t.optOuts, signal, deal: null,
        columns: [
            { key: "to", title: t.optOuts.number, class: "when", cell: who },
            { key: "why", title: t.optOuts.source, cell: (row) => h("div", { class: "words" }, h("span", null, t.optOuts.sources[row.source] ?? row.source),
                h("span", { class: "quiet small" }, [row.provider ? format.title(row.provider) : row.by?.name, row.detail, row.from ? t.optOuts.only(row.from) : null].filter(Boolean).join(" · "))) },
            { key: "cause", title: t.optOuts.cause, less: "minor", cell: cause },
            { key: "at", title: t.optOuts.since, cell: (row) => at(row.at, { focusable: true }) },
            ...(mayChange ? [{ key: "action", title: h("span", { class: "unseen" }, t.optOuts.lift), class: "end", cell: (row) =>
                h("button", { type: "button", class: "button small-button", on: { click: () => lift(row) } }, t.optOuts.lift, h("span", { class: "unseen" }, ` ${row.to ?? ""}`)) }] : []),
        ],
    });
    if (mayChange) {
        root.querySelector(".head").append(h("div", { class: "buttons" }, importButton(signal, list.reload),
            h("button", { type: "button", class: "button", on: { click: add } }, t.optOuts.add)));
    }
    const exported = exportLink("/v1/opt-outs");
    root.querySelector(".section-head .buttons").append(exported.element);

    async function lift(row) {
        const done = await confirm({
            title: t.optOuts.liftTitle(row.to ? spaced(row.to) : t.optOuts.erased), action: t.optOuts.lift, text: t.optOuts.liftText, danger: true, signal,
            run: () => api.delete(`/v1/opt-outs/${encodeURIComponent(row.id)}`),
        });
        if (!done) return;
        say(t.optOuts.lifted);
        list.reload();
    }

    async function add() {
        const done = await open(t.optOuts.add, (close) => {
            const number = field(t.optOuts.number, { autocomplete: "off", inputmode: "tel", required: true });
            const note = field(t.optOuts.note, { autocomplete: "off", maxlength: 500 }, { optional: t.optOuts.optional });
            const wrong = h("p", { class: "outcome wrong", role: "alert" });
            return form({}, async () => {
                wrong.textContent = "";
                number.problem("");
                try {
                    await api.post("/v1/opt-outs", { to: number.value.trim(), ...(note.value.trim() && { note: note.value.trim() }) });
                    close(true);
                } catch (problem) {
                    if (assign(problem, { to: number, note }).length || !problem.errors.length) wrong.textContent = explain(problem);
                }
            }, h("p", null, t.optOuts.addText), number.element, note.element, wrong,
            h("div", { class: "buttons end" }, h("button", { type: "submit", class: "button main" }, t.optOuts.add)));
        }, signal);
        if (!done) return;
        say(t.optOuts.added);
        list.reload();
    }

    const update = (next) => {
        list.update(next);
        exported.update(filter.conditions);
    };
    update(query);
    return { update };
}
