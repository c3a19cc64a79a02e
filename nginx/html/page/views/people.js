// People: who has an account, what they may do, and the links with which they choose passwords.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { copyable } from "../parts/copy.js";
import { confirm, open } from "../parts/dialog.js";
import { assign, field, form } from "../parts/fields.js";
import { badge } from "../parts/status.js";
import { loading, outcome, trouble } from "../parts/states.js";
import { facts, table } from "../parts/table.js";
import { ago, at } from "../parts/time.js";
import { t } from "../strings.js";

const ROLES = ["viewer", "operator", "admin"];

export const title = () => t.nav.people;

export function show({ root, signal }) {
    const body = h("div", { class: "stack tight" }, loading());
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.people),
        h("button", { type: "button", class: "button main", on: { click: create } }, t.people.add)), body);
    const list = table({
        caption: t.nav.people,
        columns: [
            { key: "name", title: t.people.name, cell: (row) => h("div", { class: "words" }, h("span", { class: "strong" }, row.name),
                h("span", { class: "quiet small" }, row.email)) },
            { key: "role", title: t.people.role, less: "minor", cell: (row) => t.role[row.role] },
            { key: "state", title: t.people.state, cell: state },
            { key: "factor", title: t.people.factor, less: "least", cell: (row) => (row.has_totp ? t.yes : t.no) },
            { key: "last", title: t.people.lastSignIn, less: "least", class: "fixed", cell: (row) => (row.last_sign_in_at ? ago(row.last_sign_in_at, { focusable: true }) : t.people.never) },
            { key: "change", title: h("span", { class: "unseen" }, t.people.change), class: "end", cell: (row) =>
                h("button", { type: "button", class: "button small-button", on: { click: () => change(row) } }, t.people.change,
                    h("span", { class: "unseen" }, ` ${row.name}`)) },
        ],
    });

    async function load() {
        try {
            const { users } = await api.get("/v1/users", {}, signal);
            list.set(users);
            if (!list.element.isConnected) put(body, list.element);
        } catch (problem) {
            if (!signal.aborted) put(body, trouble(problem, load));
        }
    }

    function create() {
        open(t.people.add, (close) => {
            const email = field(t.people.email, { type: "email", autocomplete: "off" });
            const name = field(t.people.name, { autocomplete: "off", maxlength: 100 }, { optional: t.send.optional });
            const role = field(t.people.role, { value: "operator" }, { tag: "select", options: ROLES.map((word) => [word, `${t.role[word]}: ${t.roleMeaning[word]}`]) });
            const result = outcome();
            const body = h("div");
            put(body, form({ class: "stack" }, async () => {
                result.clear();
                for (const one of [email, name, role]) one.problem("");
                try {
                    const made = await api.post("/v1/users", { email: email.value.trim(), role: role.value, ...(name.value.trim() ? { name: name.value.trim() } : {}) });
                    put(body, linkShown(made, close));
                    load();
                } catch (problem) {
                    if (problem.code === "email_taken") {
                        email.problem(problem.detail);
                        email.control.focus();
                    } else if (!problem.errors.length || assign(problem, { email, name, role }).length) result.wrong(problem);
                }
            }, email.element, name.element, role.element, result.element,
            h("button", { type: "submit", class: "button main" }, t.people.makeLink)));
            return body;
        }, signal);
    }

    function change(user) {
        const isSelf = user.id === session.user().id;
        open(user.name, (close) => {
            const name = field(t.people.name, { value: user.name, maxlength: 100 });
            const role = field(t.people.role, { value: user.role }, { tag: "select", options: ROLES.map((word) => [word, `${t.role[word]}: ${t.roleMeaning[word]}`]) });
            const result = outcome();
            const act = (options) => async () => {
                close();
                if (await confirm({ ...options, signal })) {
                    say(t.people.changed);
                    load();
                }
            };
            return [
                h("p", { class: "quiet" }, user.email),
                facts([
                    [t.people.lastSignIn, user.last_sign_in_at ? ago(user.last_sign_in_at, { focusable: true }) : t.people.never],
                    [t.people.factor, user.has_totp ? t.yes : t.no],
                    user.link_expires_at ? [t.people.linkUntil, at(user.link_expires_at, { focusable: true })] : null,
                ]),
                form({ class: "stack" }, async () => {
                    const changes = {};
                    if (name.value.trim() !== user.name) changes.name = name.value.trim();
                    if (role.value !== user.role) changes.role = role.value;
                    if (!Object.keys(changes).length) return close();
                    try {
                        await api.patch(`/v1/users/${user.id}`, changes);
                        close();
                        say(t.people.changed);
                        if (isSelf) await session.load();
                        load();
                    } catch (problem) {
                        if (!problem.errors.length || assign(problem, { name, role }).length) result.wrong(problem);
                    }
                }, name.element, role.element, result.element,
                h("button", { type: "submit", class: "button main" }, t.action.save)),
                h("div", { class: "danger-zone" },
                    h("button", { type: "button", class: "button", on: { click: act({
                        title: t.people.endTitle, text: t.people.endText(user.name), action: t.people.endSessions, danger: true,
                        run: () => api.delete(`/v1/users/${user.id}/sessions`),
                    }) } }, t.people.endSessions),
                    h("button", { type: "button", class: "button", on: { click: () => reset(user, close) } }, t.people.reset),
                    isSelf ? null : h("button", { type: "button", class: "button danger", on: { click: act({
                        title: user.disabled ? t.people.enable : t.people.disable, danger: !user.disabled,
                        text: user.disabled ? t.people.enableText(user.name) : t.people.disableText(user.name),
                        action: user.disabled ? t.people.enable : t.people.disable,
                        run: () => api.patch(`/v1/users/${user.id}`, { disabled: !user.disabled }),
                    }) } }, user.disabled ? t.people.enable : t.people.disable)),
            ];
        }, signal);
    }

    async function reset(user, close) {
        close();
        let made = null;
        const done = await confirm({
            title: t.people.reset, text: t.people.resetText(user.name), action: t.people.reset, danger: true, signal,
            run: async () => { made = await api.post(`/v1/users/${user.id}/reset`); },
        });
        if (!done) return;
        open(t.people.linkTitle, (shut) => linkShown(made, shut), signal);
        load();
    }

    load();
}

function state(row) {
    if (row.disabled) return badge("unknown", t.people.disabled);
    if (!row.has_password) return badge("way", t.people.invited);
    return badge("delivered", t.people.active);
}

/** The one-time link, which is shown this once. */
function linkShown({ user, link }, close) {
    return h("div", { class: "stack" },
        h("p", null, t.people.linkText(user.name)),
        copyable(link.url ?? `${location.origin}/set-password#${link.token}`, t.people.link),
        h("p", { class: "quiet" }, t.people.linkEnds, at(link.expires_at, { focusable: true }), "."),
        h("div", { class: "buttons end" }, h("button", { type: "button", class: "button main", on: { click: () => close() } }, t.action.done)));
}
