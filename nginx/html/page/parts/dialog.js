// Dialogs: the browser's own, which hold the focus and close on Escape.
import { h, freshID } from "../core/dom.js";
import { t } from "../strings.js";
import { explain } from "./states.js";

/** Opens a dialog; `build(close)` returns what is in it. Resolves when it is closed. */
export function open(title, build, signal) {
    return new Promise((resolve) => {
        const heading = freshID("dialog");
        const close = (value) => {
            result = value;
            dialog.close();
        };
        let result;
        const dialog = h("dialog", { "aria-labelledby": heading },
            h("div", { class: "dialog-head" },
                h("h2", { id: heading }, title),
                h("button", { type: "button", class: "plain", on: { click: () => close() } }, t.action.close)));
        dialog.append(...[build(close)].flat().filter(Boolean));
        const end = () => dialog.close();
        signal?.addEventListener("abort", end, { once: true });
        dialog.addEventListener("close", () => {
            signal?.removeEventListener("abort", end);
            dialog.remove();
            resolve(result);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}

/**
 * Asks before something is done, and does it while the dialog is open, so that a refusal is seen
 * where it was asked for. Resolves with true if it was done.
 */
export function confirm({ title, text, action, danger = false, run, signal }) {
    return open(title, (close) => {
        const wrong = h("p", { class: "outcome wrong", role: "alert" });
        const button = h("button", { type: "button", class: danger ? "button danger" : "button main" }, action);
        button.addEventListener("click", async () => {
            button.disabled = true;
            wrong.textContent = "";
            try {
                await run();
                close(true);
            } catch (problem) {
                wrong.textContent = explain(problem);
                button.disabled = false;
            }
        });
        return [
            h("p", null, text), wrong,
            h("div", { class: "buttons end" },
                h("button", { type: "button", class: "button", on: { click: () => close() } }, t.action.back), button),
        ];
    }, signal);
}
