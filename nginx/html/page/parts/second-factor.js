// Setting up a second factor: the password, a QR code, the first code, the recovery codes.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { user } from "../core/session.js";
import { drawQR } from "../qr/svg.js";
import { t } from "../strings.js";
import { copyable } from "./copy.js";
import { open } from "./dialog.js";
import { field, form, whose } from "./fields.js";
import { outcome } from "./states.js";

/** Leads through it; resolves with true when it is on. */
export function setUp(signal) {
    return open(t.account.setUp, (close) => {
        const body = h("div", { class: "stack" });
        askPassword();
        return body;

        function askPassword() {
            const password = field(t.signIn.password, { type: "password", autocomplete: "current-password" });
            const result = outcome();
            put(body, form({ class: "stack" }, async () => {
                try {
                    scan(await api.post("/v1/totp", { password: password.value }));
                } catch (problem) {
                    result.wrong(problem);
                }
            }, whose(user().email), h("p", null, t.account.setUpText), password.element, result.element,
            h("button", { type: "submit", class: "button main" }, t.action.next)));
        }

        function scan({ secret, otpauth_url: url }) {
            const code = field(t.signIn.code, { inputmode: "numeric", autocomplete: "one-time-code" }, { hint: t.account.codeHint });
            const result = outcome();
            put(body, form({ class: "stack" }, async () => {
                code.problem("");
                try {
                    const { recovery_codes: codes } = await api.post("/v1/totp/confirm", { code: code.value.replace(/\s/g, "") });
                    put(body, codeList(codes), h("button", { type: "button", class: "button main", on: { click: () => close(true) } }, t.account.kept));
                } catch (problem) {
                    if (problem.code === "wrong_code") code.problem(t.signIn.codeWrong);
                    else result.wrong(problem);
                    code.control.focus();
                }
            }, h("p", null, t.account.scan), drawQR(url, t.account.qr),
            h("p", { class: "small" }, t.account.typeSecret), copyable(secret.replace(/(.{4})(?=.)/g, "$1 "), t.account.secret),
            code.element, result.element,
            h("button", { type: "submit", class: "button main" }, t.account.turnOn)));
            code.control.focus();
        }
    }, signal);
}

function codeList(codes) {
    return h("div", { class: "stack tight" }, h("p", null, t.account.codesText), copyable(codes.join("\n"), t.account.codes));
}

/** Shows new recovery codes, once. */
export function showCodes(codes, signal) {
    return open(t.account.codes, (close) => [codeList(codes),
        h("div", { class: "buttons end" }, h("button", { type: "button", class: "button main", on: { click: () => close(true) } }, t.account.kept))], signal);
}
