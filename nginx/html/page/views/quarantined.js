// One part of the quarantine: why it is there, its bytes as they came, and what can be done with it.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import * as format from "../core/format.js";
import { go, to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm } from "../parts/dialog.js";
import { rawBytes } from "../parts/raw.js";
import { loading, trouble } from "../parts/states.js";
import { facts } from "../parts/table.js";
import { at } from "../parts/time.js";
import { bytesOf } from "../text/bytes.js";
import { t } from "../strings.js";
import { rawCallback } from "./message/raw-callback.js";

export const title = () => t.quarantine.part;

export function show({ root, id, signal }) {
    const path = `/v1/quarantine/${encodeURIComponent(id)}`;
    const body = h("div", { class: "stack" }, loading());
    const buttons = h("div", { class: "buttons" });
    put(root, h("div", { class: "head" }, h("p", { class: "trail" }, h("a", { href: to("quarantine") }, t.nav.quarantine)),
        h("h1", null, t.quarantine.part), buttons), body);

    async function load() {
        try {
            const part = await api.get(path, {}, signal);
            put(buttons, session.may("send") ? [
                h("button", { type: "button", class: "button", on: { click: replay } }, t.quarantine.replay),
                h("button", { type: "button", class: "button danger", on: { click: remove } }, t.quarantine.remove),
            ] : []);
            put(body, why(part), bytes(part));
        } catch (problem) {
            if (signal.aborted) return;
            put(buttons);
            put(body, problem.status === 404
                ? h("div", { class: "state" }, h("p", { class: "strong" }, t.quarantine.gone), h("a", { class: "button", href: to("quarantine") }, t.nav.quarantine))
                : trouble(problem, load));
        }
    }

    function why(part) {
        return h("section", { class: "card stack tight", "aria-label": t.columns.error },
            h("p", { class: "strong" }, part.detail || part.reason),
            part.authenticated ? null : h("p", { class: "wrong" }, t.quarantine.unproved),
            facts([
                [t.columns.provider, format.title(part.provider)], [t.quarantine.reason, h("code", null, part.reason)],
                part.place ? [t.quarantine.place, part.place] : null,
                [t.quarantine.at, at(part.received_at, { focusable: true, seconds: true })],
                part.path ? [t.quarantine.path, h("code", null, part.path)] : null,
                part.content_type ? [t.quarantine.type, part.content_type] : null,
                [t.quarantine.size, t.timeline.bytes(part.bytes)],
            ]));
    }

    function bytes(part) {
        return h("section", { class: "card stack tight" }, h("h2", null, t.quarantine.came), h("div", { class: "raw" }, rawBytes(bytesOf(part.base64))),
            // The archive has the whole of it, if it was authenticated.
            part.path ? null : rawCallback(part.callback_id, signal, t.quarantine.whole));
    }

    async function replay() {
        let answer;
        const done = await confirm({
            title: t.quarantine.oneTitle, action: t.quarantine.replay, text: t.quarantine.replayText, signal,
            run: async () => { answer = await api.post(`${path}/replay`); },
        });
        if (!done) return;
        say(t.quarantine.read(answer));
        if (answer.left) load();
        else go(to("quarantine"));
    }

    async function remove() {
        const done = await confirm({
            title: t.quarantine.removeTitle, action: t.quarantine.remove, text: t.quarantine.removeText, danger: true, signal,
            run: () => api.delete(path),
        });
        if (!done) return;
        say(t.quarantine.removed);
        go(to("quarantine"));
    }

    load();
}
