// One message: its status and why, what happened when, what was sent, and what can be done.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import * as format from "../core/format.js";
import { follow } from "../core/live.js";
import { go, to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { copyable } from "../parts/copy.js";
import { confirm } from "../parts/dialog.js";
import { loading, trouble } from "../parts/states.js";
import { statusBadge } from "../parts/status.js";
import { facts } from "../parts/table.js";
import { at } from "../parts/time.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";
import { again, FIRST } from "./message/again.js";
import { timeline } from "./message/timeline.js";

export const title = () => t.message.title;

export function show({ root, id, signal }) {
    const body = h("div", { class: "stack" }, loading());
    const buttons = h("div", { class: "buttons" });
    const condition = h("p", { class: "live small" });
    put(root, h("div", { class: "head" },
        h("p", { class: "trail" }, h("a", { href: to("messages") }, t.nav.messages)),
        h("h1", null, t.message.title), buttons), body);
    let shown = null;

    async function load() {
        draw(await api.get(`/v1/messages/${encodeURIComponent(id)}`, {}, signal));
    }

    async function start() {
        try {
            await load();
            follow(`/v1/messages/${encodeURIComponent(id)}/live`, {}, {
                ask: load, state: changed, status: changed,
                condition: (word) => put(condition, h("span", { class: `live-${word}` }, t.live[word])),
            }, signal);
        } catch (problem) {
            if (signal.aborted) return;
            put(body, problem.status === 404 || problem.code === "bad_message_id"
                ? h("div", { class: "state" }, h("p", { class: "strong" }, t.message.unknown), h("p", null, t.message.unknownText),
                    h("a", { class: "button", href: to("messages") }, t.nav.messages))
                : trouble(problem, start));
        }
    }

    /** An event tells of the message; its history is asked for. */
    function changed(message) {
        if (message.updated_at === shown?.updated_at && message.status === shown?.status) return;
        load().catch(() => {});
    }

    function draw(message) {
        const isSame = shown && JSON.stringify(shown) === JSON.stringify(message);
        if (isSame) return;
        const before = shown;
        const focused = body.contains(document.activeElement) ? document.activeElement.dataset.keep : null;
        shown = message;
        put(buttons, actions(message));
        put(body, [overviewCard(message), textCard(message), timelineCard(message), detailsCard(message)].filter(Boolean));
        if (before && before.status !== message.status) {
            body.firstElementChild.classList.add("changed");
            say(t.message.becomes(t.status[message.status] ?? message.status));
        }
        if (focused) body.querySelector(`[data-keep="${CSS.escape(focused)}"]`)?.focus();
    }

    function actions(message) {
        if (!session.may("send")) return [];
        const list = [];
        if (message.sent_by_us && message.status === "queued") {
            list.push(h("button", { type: "button", class: "button danger", on: { click: () => cancel(message) } }, t.message.cancel));
        }
        if (message.to && message.text) {
            list.push(h("button", { type: "button", class: "button", on: { click: () => sendAgain(message) } }, t.message.again));
        } else if (message.to) list.push(h("a", { class: "button", href: to("send", { again: message.id }) }, t.message.again));
        return list;
    }

    async function sendAgain(message) {
        const id = await again(message, signal);
        if (id) go(to(["messages", id]));
    }

    async function cancel(message) {
        const done = await confirm({
            title: t.message.cancelTitle, text: t.message.cancelText(spaced(message.to)), action: t.message.cancel, danger: true, signal,
            run: () => api.delete(`/v1/messages/${message.id}`),
        });
        if (done) load().catch(() => {});
    }

    function overviewCard(message) {
        const why = reasonOf(message);
        return h("section", { class: "card stack tight", "aria-label": t.message.status },
            h("div", { class: "section-head" },
                h("p", { class: "message-to" }, h("span", { class: "strong" }, spaced(message.to) ?? t.none),
                    message.from ? h("span", { class: "quiet" }, ` ${t.message.fromName(message.from)}`) : null),
                condition),
            h("div", { class: "buttons" }, statusBadge(message.status), h("span", { class: "quiet" }, message.final ? t.message.final : t.message.notFinal)),
            why ? h("p", null, why) : null,
            message.error?.permanent === true ? h("p", { class: "quiet" }, t.message.permanent) : null,
            message.error?.permanent === false && message.status !== "delivered" && message.error.code ? h("p", { class: "quiet" }, t.message.temporary) : null);
    }

    function textCard(message) {
        if (!message.text) return null;
        return h("section", { class: "card stack tight" }, h("h2", null, t.message.text), h("p", { class: "message-text" }, message.text));
    }

    function timelineCard(message) {
        return h("section", { class: "card stack" }, h("h2", null, t.message.timeline), timeline(message, { signal }));
    }

    function detailsCard(message) {
        return h("section", { class: "card stack" }, h("h2", null, t.message.details), facts([
            [t.columns.provider, format.title(message.provider)],
            message.segments == null ? null : [t.columns.segments, [message.segments, message.encoding ? ` (${t.encoding[message.encoding] ?? message.encoding})` : ""].join("")],
            message.parts ? [t.message.parts, t.message.partsOf(message.parts)] : null,
            message.price ? [t.columns.price, format.money(message.price)] : null,
            message.country ? [t.columns.country, format.country(message.country)] : null,
            message.network ? [t.message.network, message.network] : null,
            message.submitted_by ? [t.columns.submitted_by, t.message.submitter(message.submitted_by)] : null,
            message.attempts == null ? null : [t.message.attempts, message.attempts],
            message.send_at ? [t.message.sendAt, at(message.send_at, { focusable: true })] : null,
            message.validity_minutes ? [t.message.validity, format.span(message.validity_minutes * 60)] : null,
            message.metadata?.[FIRST] ? [t.message.againOf, h("a", { class: "inline-target", href: to(["messages", String(message.metadata[FIRST])]) }, t.message.theFirst)] : null,
            [t.columns.created_at, at(message.created_at, { focusable: true })],
            [t.columns.updated_at, at(message.updated_at, { focusable: true })],
            message.callback_data ? [t.message.callbackData, message.callback_data] : null,
        ]),
        message.metadata && Object.keys(message.metadata).length ? [h("h3", null, t.message.metadata), facts(Object.entries(message.metadata).map(([key, value]) =>
            [key, h("a", { class: "inline-target", href: to("messages", { [`metadata.${key}`]: typeof value === "string" ? value : JSON.stringify(value) }) },
                typeof value === "string" ? value : JSON.stringify(value))]))] : null,
        h("div", { class: "stack tight" }, labelled(t.columns.id, copyable(message.id, t.columns.id)),
            message.provider_message_id ? labelled(t.columns.provider_message_id, copyable(message.provider_message_id, t.columns.provider_message_id)) : null,
            message.send_request_id ? labelled(t.message.sendRequest, h("a", { class: "inline-target mono", href: to(["sent", message.send_request_id]) }, message.send_request_id)) : null));
    }

    start();
}

function labelled(name, value) {
    return h("div", null, h("p", { class: "small quiet" }, name), value);
}

/** Why the status is what it is, in the provider's words or ours. */
function reasonOf(message) {
    const meaning = t.statusMeaning[message.status];
    const error = message.error;
    const own = error && error.code !== null && message.status !== "delivered"
        ? [error.description ?? error.name, error.code ? `(${error.code})` : ""].filter(Boolean).join(" ") : null;
    return [meaning, own ? t.message.theySay(own) : null].filter(Boolean).join(" ");
}
