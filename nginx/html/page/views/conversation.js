// Everything that was written to one number and from it, and whether it has opted out.
import { api } from "../core/api.js";
import { every } from "../core/activity.js";
import { h, put } from "../core/dom.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm } from "../parts/dialog.js";
import { loading, trouble } from "../parts/states.js";
import { statusBadge } from "../parts/status.js";
import { table } from "../parts/table.js";
import { at } from "../parts/time.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";

const PAGE = 50;
const ASK_MS = 10000;

export const title = () => t.inbound.conversation;

export function show({ root, id, signal }) {
    const number = encodeURIComponent(id);
    const state = h("p", { role: "status" });
    const buttons = h("div", { class: "buttons" });
    const body = h("div", { class: "stack" }, loading());
    const foot = h("div", { class: "list-foot" });
    put(root, h("div", { class: "head" }, h("p", { class: "trail" }, h("a", { href: to("inbound") }, t.nav.inbound)),
        h("h1", null, spaced(id)), buttons), state, body, foot);
    const list = table({
        caption: t.inbound.conversation,
        columns: [
            { key: "at", title: t.inbound.time, class: "when", cell: (row) => at(row.at, { focusable: true, seconds: true }) },
            { key: "way", title: t.inbound.way, cell: (row) => (row.direction === "in" ? t.inbound.in
                : h("a", { href: to(["messages", row.id]) }, t.inbound.out)) },
            { key: "text", title: t.inbound.text, cell: (row) => h("div", { class: "words" }, h("span", null, row.text ?? t.inbound.noText),
                row.media ? h("span", { class: "quiet small" }, t.inbound.files(row.media)) : null) },
            { key: "status", title: t.columns.status, cell: (row) => (row.status ? statusBadge(row.status) : t.none) },
            { key: "with", title: t.inbound.ours, less: "minor", cell: (row) => row.sender ?? t.none },
        ],
    });
    let pages = 0;
    let drawn = null;

    async function load(until) {
        try {
            const answer = await api.get(`/v1/conversations/${number}`, { limit: PAGE, until }, signal);
            const isSame = answer.messages.length === list.size && answer.messages.every((row) => list.update(row));
            if (until) list.append(answer.messages);
            else if (!isSame) list.set(answer.messages);
            pages = until ? pages + 1 : 1;
            if (!list.size) put(body, h("p", { class: "quiet" }, t.inbound.empty));
            else if (!list.element.isConnected) put(body, list.element);
            put(foot, answer.older_until ? h("button", { type: "button", class: "button", on: { click: () => load(answer.older_until) } }, t.messages.older) : null);
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, () => load(until)));
        }
    }

    async function standing() {
        const { opted_out: isOut, opt_outs: held } = await api.get(`/v1/opt-outs/${number}`, {}, signal);
        // What has not changed keeps its focus.
        const shown = held[0]?.id ?? "in";
        if (shown === drawn) return;
        drawn = shown;
        put(state, isOut ? h("span", { class: "wrong" }, t.optOuts.isOut(held[0])) : t.optOuts.isIn);
        put(buttons, session.may("send") ? h("button", { type: "button", class: isOut ? "button" : "button danger", on: { click: () => (isOut ? lift() : block()) } },
            isOut ? t.optOuts.lift : t.optOuts.add) : null);
    }

    async function block() {
        const done = await confirm({
            title: t.optOuts.addTitle(spaced(id)), action: t.optOuts.add, text: t.optOuts.addText, danger: true, signal,
            run: () => api.post("/v1/opt-outs", { to: id }),
        });
        if (done) say(t.optOuts.added);
        if (done) await standing();
    }

    async function lift() {
        const done = await confirm({
            title: t.optOuts.liftTitle(spaced(id)), action: t.optOuts.lift, text: t.optOuts.liftText, danger: true, signal,
            run: () => api.delete(`/v1/opt-outs/${number}`),
        });
        if (done) say(t.optOuts.lifted);
        if (done) await standing();
    }

    load();
    standing().catch(() => {});
    every(ASK_MS, async () => {
        if (!document.querySelector("dialog[open]")) await standing();
        if (pages === 1 && !document.querySelector("dialog[open]") && !body.contains(document.activeElement)) await load();
    }, signal);
    return {};
}
