// API keys: which there are, what they may do, when they were last used.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { say } from "../core/say.js";
import { copyable } from "../parts/copy.js";
import { confirm, open } from "../parts/dialog.js";
import { assign, choice, field, form } from "../parts/fields.js";
import { badge } from "../parts/status.js";
import { empty, loading, outcome, trouble } from "../parts/states.js";
import { table } from "../parts/table.js";
import { ago, at } from "../parts/time.js";
import { t } from "../strings.js";

const SCOPES = ["read", "send", "admin"];

export const title = () => t.nav.keys;

export function show({ root, signal }) {
    const body = h("div", { class: "stack tight" }, loading());
    const showEnded = choice(t.keys.showEnded, { on: { change: () => draw() } });
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.keys),
        h("button", { type: "button", class: "button main", on: { click: create } }, t.keys.add)), body);
    let keys = [];
    const list = table({
        caption: t.nav.keys,
        columns: [
            { key: "name", title: t.keys.name, cell: (row) => h("span", { class: "strong" }, row.name) },
            { key: "scopes", title: t.keys.scopes, cell: (row) => row.scopes.map((scope) => t.scope[scope] ?? scope).join(", ") },
            { key: "state", title: t.people.state, cell: state },
            { key: "used", title: t.keys.lastUsed, less: "least", class: "fixed", cell: (row) => (row.last_used_at ? ago(row.last_used_at, { focusable: true }) : t.people.never) },
            { key: "maker", title: t.keys.maker, less: "least", cell: (row) => row.created_by?.name ?? t.none },
            { key: "made", title: t.keys.made, less: "least", class: "fixed", cell: (row) => at(row.created_at, { focusable: true }) },
            { key: "from", title: t.keys.addresses, less: "least", cell: (row) => row.addresses?.join(", ") || t.keys.anywhere },
            { key: "revoke", title: h("span", { class: "unseen" }, t.keys.revoke), class: "end", cell: (row) => (isEnded(row) ? null
                : h("button", { type: "button", class: "button small-button", on: { click: () => revoke(row) } }, t.keys.revoke, h("span", { class: "unseen" }, ` ${row.name}`))) },
        ],
    });

    async function load() {
        try {
            ({ keys } = await api.get("/v1/keys", {}, signal));
            draw();
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, load));
        }
    }

    function draw() {
        const shown = keys.filter((key) => showEnded.control.checked || !isEnded(key));
        list.set(shown);
        put(body, shown.length ? list.element : empty(t.keys.none, h("p", null, t.keys.noneText)),
            keys.some(isEnded) ? showEnded.element : null);
    }

    function create() {
        open(t.keys.add, (close) => {
            const name = field(t.keys.name, { autocomplete: "off", maxlength: 100 }, { hint: t.keys.nameHint });
            const scopes = SCOPES.map((scope) => choice(t.scope[scope], { value: scope, checked: scope === "read" }, t.scopeMeaning[scope]));
            const expires = field(t.keys.expires, { type: "datetime-local" }, { hint: t.filter.zoneHint, optional: t.keys.never });
            const addresses = field(t.keys.addresses, { rows: 2, autocomplete: "off" }, { tag: "textarea", hint: t.keys.addressesHint, optional: t.keys.anywhere });
            const result = outcome();
            const body = h("div");
            put(body, form({ class: "stack" }, async () => {
                result.clear();
                for (const one of [name, expires, addresses]) one.problem("");
                const request = { name: name.value.trim(), scopes: scopes.filter((one) => one.control.checked).map((one) => one.control.value) };
                if (expires.value) request.expires_at = new Date(expires.value).toISOString();
                const list = addresses.value.split(/[\s,]+/).filter(Boolean);
                if (list.length) request.addresses = list;
                if (!request.scopes.length) return result.wrong(t.keys.noScope);
                try {
                    const made = await api.post("/v1/keys", request);
                    put(body, h("div", { class: "stack" }, h("p", null, t.keys.once), copyable(made.secret ?? made.token, t.keys.secret),
                        h("div", { class: "buttons end" }, h("button", { type: "button", class: "button main", on: { click: () => close() } }, t.action.done))));
                    load();
                } catch (problem) {
                    if (!problem.errors.length || assign(problem, { name, expires_at: expires, addresses }).length) result.wrong(problem);
                }
            }, name.element, h("fieldset", { class: "stack tight" }, h("legend", null, t.keys.scopes), scopes.map((one) => one.element)),
            expires.element, addresses.element, result.element,
            h("button", { type: "submit", class: "button main" }, t.keys.make)));
            return body;
        }, signal);
    }

    async function revoke(key) {
        const done = await confirm({
            title: t.keys.revokeTitle(key.name), text: t.keys.revokeText, action: t.keys.revoke, danger: true, signal,
            run: () => api.delete(`/v1/keys/${key.id}`),
        });
        if (!done) return;
        say(t.keys.revoked);
        load();
    }

    load();
}

function isEnded(key) {
    return Boolean(key.revoked_at) || (key.expires_at && new Date(key.expires_at) < new Date());
}

function state(key) {
    if (key.revoked_at) return badge("unknown", t.keys.revoked);
    if (isEnded(key)) return badge("unknown", t.keys.expired);
    return h("span", null, badge("delivered", t.keys.good), key.expires_at ? h("span", { class: "quiet small" }, " ", t.keys.until, at(key.expires_at, { focusable: true })) : null);
}
