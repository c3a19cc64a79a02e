// What became of a send request: a progress of all its messages that follows live.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { follow } from "../core/live.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import { kindOf, statusBadge } from "../parts/status.js";
import { loading, trouble } from "../parts/states.js";
import { table } from "../parts/table.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";
import { reason } from "./messages/columns.js";

const KINDS = ["delivered", "way", "failed", "unknown"];
// Rows that are shown; the counts are of all.
const SHOWN = 200;

export const title = () => t.sent.title;

export function show({ root, id, signal }) {
    root.classList.add("narrow");
    const requests = id.split(",");
    const messages = new Map();
    const body = h("div", { class: "stack" }, loading());
    const condition = h("p", { class: "live small" });
    const bar = h("div", { class: "progress", role: "progressbar", "aria-label": t.sent.progress, "aria-valuemin": "0" });
    const sentence = h("p", { class: "strong" });
    const counts = h("ul", { class: "progress-counts" });
    const list = table({
        caption: t.sent.title,
        columns: [
            { key: "to", title: t.columns.to, class: "fixed", cell: (row) => h("a", { href: to(["messages", row.id]) }, spaced(row.to)) },
            { key: "status", title: t.columns.status, class: "fixed", cell: (row) => statusBadge(row.status) },
            { key: "error", title: t.columns.error, class: "tell", less: "minor", cell: reason },
        ],
    });
    put(root, h("div", { class: "head" }, h("p", { class: "trail" }, h("a", { href: to("send") }, t.nav.send)), h("h1", null, t.sent.title),
        h("div", { class: "buttons" }, h("a", { class: "button", href: to("send") }, t.sent.another),
            requests.length === 1 ? h("a", { class: "button", href: to("messages", { send_request_id: requests[0] }) }, t.sent.inList) : null)), body);
    let isDone = false;

    /** All messages of all requests, page by page. */
    async function load() {
        for (const request of requests) {
            let cursor;
            do {
                const answer = await api.get("/v1/messages", { send_request_id: request, limit: 200, cursor }, signal);
                for (const message of answer.messages) messages.set(message.id, message);
                cursor = answer.next;
                draw();
            } while (cursor);
        }
    }

    function draw() {
        if (!bar.isConnected) put(body, h("section", { class: "card stack tight" }, h("div", { class: "section-head" }, sentence, condition), bar, counts), list.element);
        const all = [...messages.values()];
        const numbers = Object.fromEntries(KINDS.map((kind) => [kind, all.filter((one) => kindOf(one.status) === kind).length]));
        const final = all.filter((one) => one.final).length;
        put(bar, KINDS.filter((kind) => numbers[kind]).map((kind) => {
            const part = h("span", { class: kind });
            part.style.setProperty("flex-grow", String(numbers[kind]));
            return part;
        }));
        bar.setAttribute("aria-valuemax", String(all.length));
        bar.setAttribute("aria-valuenow", String(final));
        put(counts, KINDS.filter((kind) => numbers[kind]).map((kind) => h("li", { class: kind }, t.sent.counts[kind](numbers[kind]))));
        sentence.textContent = all.length === 0 ? t.sent.none : final === all.length ? t.sent.done(all.length) : t.sent.going(final, all.length);
        if (final === all.length && all.length && !isDone) say(sentence.textContent);
        isDone = final === all.length && all.length > 0;
        // Those that need a look first.
        const order = { failed: 0, unknown: 1, way: 2, delivered: 3 };
        for (const message of all) list.update(message);
        list.append(all.sort((a, b) => order[kindOf(a.status)] - order[kindOf(b.status)]).slice(0, Math.max(0, SHOWN - list.size)).filter((one) => !list.has(one.id)));
    }

    async function start() {
        try {
            await load();
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, start));
            return;
        }
        for (const request of requests) {
            follow("/v1/live", { send_request_id: request }, {
                ask: () => (isDone ? null : load()),
                status: (message) => {
                    messages.set(message.id, message);
                    draw();
                },
                condition: (word) => put(condition, h("span", { class: `live-${word}` }, t.live[word])),
            }, signal);
        }
    }

    start();
}
