// Choose a password with a one-time link: /set-password#token. The token is behind the #, so it is in
// no log; it leaves the address bar as soon as it is read.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { field, form, assign } from "../parts/fields.js";
import { logo } from "../parts/icons.js";
import { outcome } from "../parts/states.js";
import { t } from "../strings.js";

export function show({ root }) {
    document.title = `${t.setPassword.title} · Waybill`;
    const token = location.hash.replace(/^#/, "");
    history.replaceState(null, "", "/set-password");
    const body = h("main", { id: "main" }, h("div", { class: "brand" }, logo(), "Waybill"),
        h("h1", null, t.setPassword.title));
    put(root, h("div", { class: "gate" }, body));
    if (!token) {
        body.append(h("p", null, t.setPassword.noToken), toSignIn());
        return;
    }

    const password = field(t.setPassword.password, {
        type: "password", autocomplete: "new-password", required: true,
    }, { hint: t.setPassword.hint });
    const again = field(t.setPassword.again, { type: "password", autocomplete: "new-password", required: true });
    const result = outcome();

    async function submit() {
        result.clear();
        password.problem("");
        again.problem("");
        if (password.value !== again.value) {
            again.problem(t.setPassword.differ);
            again.control.focus();
            return;
        }
        try {
            await api.post("/v1/password", { token, password: password.value });
        } catch (problem) {
            if (problem.code === "wrong_link") result.wrong(t.setPassword.wrongLink);
            else if (!problem.errors.length || assign(problem, { password }).length) result.wrong(problem);
            return;
        }
        put(body, h("h1", { tabindex: "-1" }, t.setPassword.done), h("p", null, t.setPassword.doneText), toSignIn());
        body.querySelector("h1").focus();
    }

    body.append(form({ class: "stack" }, submit, password.element, again.element,
        h("button", { type: "submit", class: "button main" }, t.setPassword.action), result.element));
    password.control.focus();
}

function toSignIn() {
    return h("p", null, h("a", { class: "button", href: "/" }, t.setPassword.signIn));
}
