// One's own account: who one is, the second factor, the password, and where one is signed in.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm, open } from "../parts/dialog.js";
import { assign, field, form, whose } from "../parts/fields.js";
import { loading, outcome, trouble } from "../parts/states.js";
import { facts, table } from "../parts/table.js";
import { ago } from "../parts/time.js";
import { setUp, showCodes } from "../parts/second-factor.js";
import { t } from "../strings.js";

export const title = () => t.account.title;

export function show({ root, signal }) {
    root.classList.add("narrow");
    const user = session.user();
    const isOurs = session.session().session !== null;
    const factor = h("div", { class: "stack tight" });
    const sessions = h("div", { class: "stack tight" });
    put(root,
        h("div", { class: "head" }, h("h1", null, t.account.title)),
        session.session().must_set_up_totp ? h("p", { class: "card", role: "note" }, t.account.mustSetUp) : null,
        h("section", { class: "card" }, facts([
            [t.people.name, user.name], [t.people.email, user.email], [t.people.role, t.role[user.role]],
            [t.account.may, t.mayDo[user.role]],
        ])),
        // Who comes by single sign-on has password and factor there.
        isOurs ? h("section", { class: "card stack" }, h("h2", null, t.account.factor), factor) : null,
        isOurs ? h("section", { class: "card stack" }, h("h2", null, t.account.password), passwordForm()) : null,
        h("section", { class: "stack tight" }, h("h2", null, t.account.sessions), sessions));
    drawFactor();
    drawSessions();

    function drawFactor() {
        const { has_totp: isOn, recovery_codes_left: left } = session.user();
        if (!isOn) {
            put(factor, h("p", null, t.account.factorOff),
                h("div", { class: "buttons" }, h("button", { type: "button", class: "button", on: { click: turnOn } }, t.account.setUp)));
            return;
        }
        put(factor, h("p", null, t.account.factorOn(left)),
            h("div", { class: "buttons" },
                h("button", { type: "button", class: "button", on: { click: renew } }, t.account.newCodes),
                h("button", { type: "button", class: "button danger", on: { click: turnOff } }, t.account.turnOff)));
    }

    async function changed() {
        const wasDemanded = session.session().must_set_up_totp;
        await session.load();
        // Now everything else is open, too.
        if (wasDemanded && !session.session().must_set_up_totp) location.reload();
        drawFactor();
    }

    async function turnOn() {
        if (await setUp(signal)) await changed();
    }

    async function renew() {
        const answer = await withPassword(t.account.newCodes, t.account.newCodesText, "/v1/totp/recovery-codes");
        if (!answer) return;
        await showCodes(answer.recovery_codes, signal);
        await changed();
    }

    async function turnOff() {
        const done = await withPassword(t.account.turnOff, t.account.turnOffText, "/v1/totp/remove");
        if (done) await changed();
    }

    /** Asks for the password in a dialog and posts it. */
    function withPassword(title, text, path) {
        return open(title, (close) => {
            const password = field(t.signIn.password, { type: "password", autocomplete: "current-password" });
            const result = outcome();
            return form({ class: "stack" }, async () => {
                try {
                    close(await api.post(path, { password: password.value }) ?? true);
                } catch (problem) {
                    result.wrong(problem);
                }
            }, whose(user.email), h("p", null, text), password.element, result.element,
            h("button", { type: "submit", class: "button main" }, title));
        }, signal);
    }

    function passwordForm() {
        const current = field(t.account.current, { type: "password", autocomplete: "current-password" });
        const next = field(t.account.next, { type: "password", autocomplete: "new-password" }, { hint: t.setPassword.hint });
        const result = outcome();
        return form({ class: "stack" }, async () => {
            result.clear();
            current.problem("");
            next.problem("");
            try {
                await api.post("/v1/password", { password: current.value, new_password: next.value });
            } catch (problem) {
                if (problem.code === "wrong_password") {
                    current.problem(problem.detail);
                    current.control.focus();
                } else if (!problem.errors.length || assign(problem, { password: next, new_password: next }).length) {
                    result.wrong(problem);
                }
                return;
            }
            current.control.value = "";
            next.control.value = "";
            result.ok(t.account.passwordChanged);
            drawSessions();
        }, whose(user.email), h("div", { class: "fields" }, current.element, next.element),
        h("div", { class: "buttons" }, h("button", { type: "submit", class: "button" }, t.account.changePassword), result.element));
    }

    async function drawSessions() {
        put(sessions, loading());
        let list;
        try {
            list = (await api.get("/v1/sessions", {}, signal)).sessions;
        } catch (problem) {
            if (!signal.aborted) put(sessions, trouble(problem, drawSessions));
            return;
        }
        const view = table({
            caption: t.account.sessions,
            columns: [
                { key: "what", title: t.account.browser, cell: (row) => [browser(row.user_agent), row.current ? h("span", { class: "quiet" }, ` · ${t.account.thisOne}`) : null] },
                { key: "address", title: t.account.address, less: "minor", cell: (row) => row.address ?? t.none },
                { key: "active", title: t.account.active, class: "fixed", cell: (row) => ago(row.last_active_at, { focusable: true }) },
                { key: "ends", title: t.account.ends, less: "minor", class: "fixed", cell: (row) => ago(row.ends_at, { focusable: true }) },
                { key: "end", title: h("span", { class: "unseen" }, t.account.end), class: "end", cell: (row) => row.current ? null
                    : h("button", { type: "button", class: "button small-button", on: { click: () => end(row) } }, t.account.end) },
            ],
        });
        view.set(list);
        put(sessions, view.element);
    }

    async function end(row) {
        const done = await confirm({
            title: t.account.endTitle, text: t.account.endText(browser(row.user_agent)), action: t.account.end, danger: true, signal,
            run: () => api.delete(`/v1/sessions/${row.id}`),
        });
        if (!done) return;
        say(t.account.ended);
        drawSessions();
    }
}

/** "Firefox on Linux", as far as what a browser calls itself tells. */
function browser(agent = "") {
    const name = [["Edg/", "Edge"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]]
        .find(([mark]) => agent?.includes(mark))?.[1];
    const system = [["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Windows", "Windows"], ["Mac OS", "macOS"], ["Linux", "Linux"]]
        .find(([mark]) => agent?.includes(mark))?.[1];
    if (!name) return agent || t.none;
    return system ? t.account.on(name, system) : name;
}
