// Blocking the numbers of a CSV file: all of them, or none and what is wrong line by line.
import { api } from "../../core/api.js";
import { h, put } from "../../core/dom.js";
import { say } from "../../core/say.js";
import { open } from "../../parts/dialog.js";
import { form } from "../../parts/fields.js";
import { outcome } from "../../parts/states.js";
import { t } from "../../strings.js";

const MOST_BYTES = 1 << 20;
// So many wrong lines are shown; the rest is counted.
const SHOWN = 20;

/** A button that asks for a file and imports it; `imported` is called afterwards. */
export function importButton(signal, imported) {
    const file = h("input", { type: "file", accept: ".csv,.txt,text/csv,text/plain", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    const button = h("button", { type: "button", class: "button", on: { click: () => file.click() } }, t.optOuts.import);
    file.addEventListener("change", async () => {
        const [chosen] = file.files;
        if (!chosen) return;
        const done = await ask(chosen, signal);
        // The same file may be chosen once more when it has been mended.
        file.value = "";
        if (done) imported();
    });
    return [button, file];
}

function ask(chosen, signal) {
    return open(t.optOuts.importTitle(chosen.name), (close) => {
        const result = outcome();
        const wrong = h("ul", { class: "wrong-numbers" });
        const submit = h("button", { type: "submit", class: "button danger" }, t.optOuts.import);
        return form({ class: "stack" }, async () => {
            result.clear();
            wrong.replaceChildren();
            if (chosen.size > MOST_BYTES) return result.wrong(t.optOuts.fileTooLarge);
            try {
                const { added } = await api.post("/v1/opt-outs", await chosen.text(), { type: "text/csv", signal });
                say(t.optOuts.imported(added));
                close(true);
            } catch (problem) {
                result.wrong(problem);
                const errors = problem.errors ?? [];
                put(wrong, errors.slice(0, SHOWN).map((one) => h("li", null, h("span", { class: "strong" }, one.field), ` ${one.detail}`)),
                    errors.length > SHOWN ? h("li", null, t.send.andMore(errors.length - SHOWN)) : null);
            }
        }, h("p", null, t.optOuts.importText), result.element, wrong,
        h("div", { class: "buttons end" }, h("button", { type: "button", class: "button", on: { click: () => close() } }, t.action.back), submit));
    }, signal);
}
