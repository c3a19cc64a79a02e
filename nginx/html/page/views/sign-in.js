// Sign in. The code is asked for only when the account takes one.
import { h, put } from "../core/dom.js";
import * as session from "../core/session.js";
import { field, form } from "../parts/fields.js";
import { logo } from "../parts/icons.js";
import { outcome } from "../parts/states.js";
import { t } from "../strings.js";

export function show({ root, reason, done }) {
    const email = field(t.signIn.email, { type: "email", name: "email", autocomplete: "username", required: true });
    const password = field(t.signIn.password, {
        type: "password", name: "password", autocomplete: "current-password", required: true,
    });
    const code = field(t.signIn.code, {
        type: "text", name: "code", autocomplete: "one-time-code", autocapitalize: "none", spellcheck: "false",
    }, { hint: t.signIn.codeHint });
    code.element.hidden = true;
    const result = outcome();

    async function submit() {
        result.clear();
        email.problem(email.value.trim() ? "" : t.signIn.emailMissing);
        password.problem(password.value ? "" : t.signIn.passwordMissing);
        code.problem("");
        if (!email.value.trim()) return email.control.focus();
        if (!password.value) return password.control.focus();
        try {
            await session.signIn(email.value.trim(), password.value, code.value.trim() || undefined);
        } catch (problem) {
            refuse(problem);
            return;
        }
        done();
    }

    function refuse(problem) {
        if (problem.code === "code_required" || problem.code === "wrong_code") {
            code.element.hidden = false;
            if (problem.code === "wrong_code") code.problem(t.signIn.codeWrong);
            code.control.value = "";
            code.control.focus();
            return;
        }
        if (problem.status === 401) {
            result.wrong(t.signIn.wrong);
            password.control.focus();
            password.control.select();
        } else {
            result.wrong(problem);
        }
    }

    put(root, h("div", { class: "gate" }, h("main", { id: "main" },
        h("div", { class: "brand" }, logo(), "Waybill"),
        h("h1", null, t.signIn.title),
        reason ? h("p", { class: "quiet" }, reason) : null,
        form({ class: "stack" }, submit,
            email.element, password.element, code.element,
            h("button", { type: "submit", class: "button main" }, t.signIn.action),
            result.element),
        h("p", { class: "small quiet" }, t.signIn.help))));
    email.control.focus();
}
