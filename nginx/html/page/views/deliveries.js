// Events for webhooks: what became of them, every attempt, and sending them again.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm, open } from "../parts/dialog.js";
import { filterBar } from "../parts/filter-bar.js";
import { doMany } from "../parts/many.js";
import { badge } from "../parts/status.js";
import { loading, trouble } from "../parts/states.js";
import { at } from "../parts/time.js";
import { workList } from "../parts/work-list.js";
import { t } from "../strings.js";
import { resendChosen, resendFound } from "./deliveries/resend.js";

const STATES = { waiting: "unknown", delivered: "delivered", never_delivered: "failed" };

export const title = () => t.nav.deliveries;

export function show({ root, query, signal }) {
    const maySend = session.may("send");
    const filter = filterBar("deliveries", [
        { name: "state", label: t.deliveries.state, options: Promise.resolve(Object.keys(STATES).map((value) => [value, t.deliveries.states[value]])) },
        { name: "event", label: t.deliveries.event, options: Promise.resolve(Object.entries(t.events)) },
        { name: "webhook_id", label: t.deliveries.webhook },
        { name: "message_id", label: t.deliveries.message },
    ]);
    const list = workList({
        root, view: "deliveries", path: "/v1/webhook-deliveries", member: "deliveries", filter, words: t.deliveries, signal,
        columns: [
            { key: "at", title: t.deliveries.at, class: "when", cell: (row) => at(row.at) },
            { key: "event", title: t.deliveries.event, cell: (row) => h("div", { class: "words" }, h("span", null, t.events[row.event] ?? row.event),
                row.message_id ? h("a", { class: "small fixed", href: to(["messages", row.message_id]) }, row.message_status) : null) },
            { key: "state", title: t.deliveries.state, cell: (row) => h("div", { class: "words" }, badge(STATES[row.state], t.deliveries.states[row.state]),
                h("span", { class: "quiet small" }, t.deliveries.attempts(row.attempts, row.last_status), row.next_at ? h("span", null, " ", t.deliveries.next, at(row.next_at)) : null)) },
            { key: "act", title: h("span", { class: "unseen" }, t.deliveries.log), class: "end", cell: (row) => h("div", { class: "buttons end" },
                h("button", { type: "button", class: "button small-button", on: { click: () => log(row) } }, t.deliveries.log),
                maySend ? h("button", { type: "button", class: "button small-button", on: { click: () => again(row) } }, t.deliveries.again) : null) },
        ],
        deal: maySend ? {
            name: (row) => `${row.id}`, can: () => true,
            some: { label: t.deliveries.chosen, run: againSome }, all: { label: t.deliveries.all, run: againAll },
        } : null,
    });

    function log(row) {
        open(t.deliveries.log, () => {
            const body = h("div", { class: "stack" }, loading());
            const load = async () => {
                try {
                    const shown = await api.get(`/v1/webhook-deliveries/${row.id}`, {}, signal);
                    put(body, shown.log.length ? h("ol", { class: "stack" }, shown.log.map((one) => h("li", { class: "words" },
                        h("span", null, at(one.at, { seconds: true }), " ", t.deliveries.took(one.duration_ms), " ", one.status ?? t.deliveries.noAnswer),
                        h("span", { class: "small" }, one.problem ?? t.deliveries.states.delivered),
                        one.answer ? h("pre", { class: "raw" }, one.answer) : null))) : h("p", null, t.deliveries.noAttempt));
                } catch (problem) {
                    if (!signal.aborted) put(body, trouble(problem, load));
                }
            };
            load();
            return body;
        }, signal);
    }

    async function again(row) {
        const done = await confirm({
            title: t.deliveries.againTitle, text: t.deliveries.againText, action: t.deliveries.again, signal,
            run: () => api.post(`/v1/webhook-deliveries/${row.id}/resend`),
        });
        if (!done) return;
        say(t.deliveries.queued(1));
        list.reload();
    }

    function againSome(rows) {
        return doMany({
            title: t.deliveries.chosenTitle(rows.length), action: t.deliveries.chosen(rows.length), total: rows.length, signal, text: t.deliveries.againText,
            steps: (stop) => resendChosen(rows.map((row) => row.id), stop), words: { done: t.deliveries.queued },
        });
    }

    function againAll(asked, { count, isLeast }) {
        return doMany({
            title: t.deliveries.allTitle(count, isLeast), action: t.deliveries.all, total: isLeast ? null : count, signal, text: t.deliveries.againText,
            steps: (stop) => resendFound(asked, stop), words: { done: t.deliveries.queued },
        });
    }

    list.update(query);
    return { update: list.update };
}
