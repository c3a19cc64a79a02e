// The field for recipients: shows how each line is read, takes a CSV file, and says what is wrong where.
import { h, put } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { say } from "../../core/say.js";
import { field } from "../../parts/fields.js";
import { countryOf } from "../../text/country.js";
import { spaced } from "../../text/number.js";
import { csvEntries, pastedEntries, readRecipients, summary } from "../../text/recipients.js";
import { t } from "../../strings.js";

// So many readings are shown; the rest is counted.
const SHOWN = 5;
const SHOWN_PROBLEMS = 50;
const MOST_BYTES = 10 << 20;

export function recipientsField() {
    const input = field(t.send.to, { rows: 2, autocomplete: "off", spellcheck: "false", class: "recipients", inputmode: "tel" }, { tag: "textarea", hint: t.send.toHint });
    const reading = h("div", { class: "reading" });
    const file = h("input", { type: "file", accept: ".csv,.txt,text/csv,text/plain", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    const choose = h("button", { type: "button", class: "button small-button", on: { click: () => file.click() } }, t.send.file);
    let fromFile = null;
    let current = readRecipients([]);

    input.element.append(h("div", { class: "buttons" }, choose, file), reading);
    input.control.addEventListener("input", () => {
        fromFile = null;
        input.problem("");
        update();
    });
    file.addEventListener("change", async () => {
        const [chosen] = file.files;
        if (!chosen) return;
        file.value = "";
        if (chosen.size > MOST_BYTES) {
            input.problem(t.send.fileTooLarge);
            return;
        }
        fromFile = { name: chosen.name, entries: csvEntries(await chosen.text()) };
        input.problem("");
        update();
        say(summary(current));
    });
    input.control.addEventListener("dragover", (event) => event.preventDefault());

    function update() {
        const entries = fromFile ? fromFile.entries : pastedEntries(input.control.value);
        current = readRecipients(entries);
        input.control.hidden = Boolean(fromFile);
        put(reading, fromFile ? h("div", { class: "buttons" }, h("span", { class: "strong" }, fromFile.name),
            h("button", { type: "button", class: "plain", on: { click: clearFile } }, t.send.removeFile)) : null,
        entries.length > 1 || current.problems.length ? h("p", { class: "small strong" }, summary(current)) : null,
        h("ul", { class: "read-numbers" }, current.numbers.slice(0, SHOWN).map((number) => {
            const country = countryOf(number);
            return h("li", null, h("span", { class: "number" }, spaced(number)), country ? h("span", { class: "quiet" }, ` ${format.country(country)}`) : null);
        }), current.numbers.length > SHOWN ? h("li", { class: "quiet" }, t.send.andMore(current.numbers.length - SHOWN)) : null),
        current.problems.length ? h("ul", { class: "wrong-numbers" },
            current.problems.slice(0, SHOWN_PROBLEMS).map((one) => h("li", null,
                entries.length > 1 ? h("span", { class: "strong" }, t.send.line(one.line)) : null,
                h("span", { class: "mono" }, one.text.slice(0, 60)), ` ${one.problem}`)),
            current.problems.length > SHOWN_PROBLEMS ? h("li", null, t.send.andMore(current.problems.length - SHOWN_PROBLEMS)) : null) : null);
    }

    function clearFile() {
        fromFile = null;
        update();
        input.control.focus();
    }

    return {
        element: input.element,
        control: input.control,
        problem: (text) => input.problem(text),
        read: () => current,
        set(text) {
            fromFile = null;
            input.control.value = text;
            update();
        },
    };
}
