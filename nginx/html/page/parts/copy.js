// A value that people take elsewhere, with a button that copies it.
import { h } from "../core/dom.js";
import { say } from "../core/say.js";
import { t } from "../strings.js";

export function copyable(text, label) {
    const button = h("button", { type: "button", class: "button small-button" }, t.action.copy,
        h("span", { class: "unseen" }, ` ${label}`));
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(text);
            button.firstChild.textContent = t.action.copied;
            say(t.action.copied);
            setTimeout(() => {
                button.firstChild.textContent = t.action.copy;
            }, 2000);
        } catch {
            getSelection().selectAllChildren(value);
        }
    });
    const value = h("code", { class: "value" }, text);
    return h("div", { class: "copyable" }, value, button);
}
