// The field for the text: its alphabet, what is left and how many SMS it takes, as one types; the
// characters that make it longer, with an offer to replace them.
import { h, put } from "../../core/dom.js";
import { say } from "../../core/say.js";
import { field } from "../../parts/fields.js";
import { forcing, replaced } from "../../text/replacements.js";
import { segmentation } from "../../text/segmentation.js";
import { t } from "../../strings.js";

export function textField() {
    const input = field(t.send.text, { rows: 5, maxlength: 4000 }, { tag: "textarea" });
    const meter = h("p", { class: "meter small" });
    const forced = h("div", { class: "forced" });
    input.element.append(meter, forced);
    let measured = segmentation("");

    function update() {
        const text = input.control.value;
        measured = segmentation(text);
        put(meter, h("span", null, t.encoding[measured.encoding]), h("span", null, t.send.segments(text ? measured.segments : 0)),
            h("span", null, t.send.left(measured.left)));
        const characters = forcing(text);
        put(forced, characters.length ? advice(text, characters) : null);
        input.problem("");
    }

    function advice(text, characters) {
        const better = replaced(text);
        const saved = measured.segments - segmentation(better).segments;
        return [
            h("p", { class: "small" }, t.send.forced),
            h("p", { class: "marked", "aria-label": t.send.marked }, marked(text, new Set(characters.map((one) => one.character)))),
            h("ul", { class: "forcing" }, characters.slice(0, 12).map((one) => h("li", null,
                h("mark", null, visible(one.character)),
                one.replacement === null ? ` ${t.send.noReplacement}` : one.replacement === "" ? ` ${t.send.dropped}` : [" → ", h("code", null, one.replacement === " " ? t.send.blank : one.replacement)],
                one.count > 1 ? h("span", { class: "quiet" }, ` ×${one.count}`) : null))),
            better === text ? null : h("button", { type: "button", class: "button small-button", on: { click: () => {
                input.control.value = better;
                input.control.dispatchEvent(new Event("input", { bubbles: true }));
                input.control.focus();
                say(t.send.replaced);
            } } }, saved > 0 ? t.send.replaceSaving(saved) : t.send.replace),
        ];
    }

    input.control.addEventListener("input", update);
    update();
    return {
        element: input.element,
        control: input.control,
        problem: (text) => input.problem(text),
        get value() {
            return input.control.value;
        },
        get segments() {
            return measured.segments;
        },
        set(text) {
            input.control.value = text;
            update();
        },
    };
}

/** The text with the characters marked; only the lines that have some, if it is long. */
function marked(text, characters) {
    const nodes = [];
    let run = "";
    for (const character of text) {
        if (!characters.has(character)) {
            run += character;
            continue;
        }
        if (run) nodes.push(run);
        run = "";
        nodes.push(h("mark", null, visible(character)));
    }
    if (run) nodes.push(run);
    return nodes;
}

/** A character that can be seen. */
function visible(character) {
    return /[\p{Z}\p{C}\p{M}]/u.test(character) && !/\p{Emoji}/u.test(character)
        ? `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : character;
}
