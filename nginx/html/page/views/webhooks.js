// Webhooks: which other systems are told what, how that goes, and what stops it.
import { api } from "../core/api.js";
import { every } from "../core/activity.js";
import { h, put } from "../core/dom.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm } from "../parts/dialog.js";
import { badge } from "../parts/status.js";
import { empty, loading, trouble } from "../parts/states.js";
import { table } from "../parts/table.js";
import { ago } from "../parts/time.js";
import { t } from "../strings.js";
import { change, create, rotate } from "./webhooks/make.js";

const ASK_MS = 10000;

export const title = () => t.nav.webhooks;

export function show({ root, signal }) {
    const mayChange = session.may("admin");
    const mayTest = session.may("send");
    const body = h("div", { class: "stack tight" }, loading());
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.webhooks), h("div", { class: "buttons" },
        h("a", { class: "button", href: to("deliveries", { state: "never_delivered" }) }, t.webhooks.never),
        mayChange ? h("button", { type: "button", class: "button main", on: { click: () => create(signal, load) } }, t.webhooks.add) : null)), body);
    const list = table({
        caption: t.nav.webhooks,
        columns: [
            { key: "url", title: t.webhooks.url, cell: (row) => h("div", { class: "words" }, h("span", { class: "strong" }, row.description || row.url),
                row.description ? h("span", { class: "quiet small" }, row.url) : null,
                h("span", { class: "quiet small" }, row.events.map((event) => t.events[event] ?? event).join(", "))) },
            { key: "state", title: t.webhooks.state, cell: state },
            { key: "waiting", title: t.webhooks.waiting, cell: (row) => h("a", { href: to("deliveries", { webhook_id: row.id }) }, t.webhooks.waitingOf(row.waiting, row.waiting_is_least)) },
            { key: "last", title: t.webhooks.last, less: "least", class: "fixed", cell: (row) => (row.succeeded_at ? ago(row.succeeded_at, { focusable: true }) : t.none) },
            { key: "act", title: h("span", { class: "unseen" }, t.webhooks.act), class: "end", cell: actions },
        ],
    });

    async function load() {
        try {
            const { webhooks } = await api.get("/v1/webhooks", {}, signal);
            list.set(webhooks);
            put(body, webhooks.length ? list.element : empty(t.webhooks.none, h("p", null, t.webhooks.noneText)));
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, load));
        }
    }

    function actions(row) {
        const button = (word, run) => h("button", { type: "button", class: "button small-button", on: { click: run } }, word, h("span", { class: "unseen" }, ` ${row.url}`));
        return h("div", { class: "buttons end" },
            mayTest ? button(t.webhooks.test, () => test(row)) : null,
            mayChange ? button(t.webhooks.change, () => change(row, signal, load)) : null,
            mayChange ? button(row.state === "active" ? t.webhooks.pause : t.webhooks.resume, () => turn(row)) : null,
            mayChange ? button(t.webhooks.rotate, () => rotate(row, signal)) : null,
            mayChange ? button(t.webhooks.remove, () => remove(row)) : null);
    }

    async function test(row) {
        try {
            await api.post(`/v1/webhooks/${row.id}/test`);
            say(t.webhooks.tested);
            location.hash = to("deliveries", { webhook_id: row.id });
        } catch (problem) {
            await confirm({ title: t.problem.title, text: problem.message, action: t.action.close, signal, run: async () => {} });
        }
    }

    async function turn(row) {
        const verb = row.state === "active" ? "pause" : "resume";
        const done = await confirm({
            title: t.webhooks[`${verb}Title`], text: t.webhooks[`${verb}Text`], action: t.webhooks[verb], signal,
            run: () => api.post(`/v1/webhooks/${row.id}/${verb}`),
        });
        if (done) load();
    }

    async function remove(row) {
        const done = await confirm({
            title: t.webhooks.removeTitle, text: t.webhooks.removeText, action: t.webhooks.remove, danger: true, signal,
            run: () => api.delete(`/v1/webhooks/${row.id}`),
        });
        if (done) load();
    }

    load();
    every(ASK_MS, load, signal);
}

function state(row) {
    if (row.state === "disabled") return h("div", { class: "words" }, badge("failed", t.webhooks.disabled), h("span", { class: "small" }, row.disabled_reason));
    if (row.state === "paused") return badge("unknown", t.webhooks.paused);
    if (row.failing_since) {
        return h("div", { class: "words" }, badge("failed", t.webhooks.failing), h("span", { class: "small" }, row.failure, " ", ago(row.failing_since, { focusable: true })));
    }
    return badge("delivered", t.webhooks.active);
}
