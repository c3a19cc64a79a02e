// Form fields: a label, the control, a hint, and what is wrong with it.
import { h, freshID, put } from "../core/dom.js";

/**
 * A labelled control. `field.control` is the input; `field.problem(text)` marks it as wrong, and
 * nothing unmarks it.
 */
export function field(label, attributes = {}, { tag = "input", hint, optional, options } = {}) {
    const id = freshID("field");
    const hintID = `${id}-hint`;
    const problemID = `${id}-problem`;
    const control = h(tag, { id, ...attributes, "aria-describedby": hint ? hintID : null },
        options?.map(([value, text]) => h("option", { value, selected: value === attributes.value }, text)));
    const problem = h("p", { class: "field-problem", id: problemID, hidden: true });
    const element = h("div", { class: "field" },
        h("label", { for: id }, label, optional ? h("span", { class: "quiet optional" }, ` ${optional}`) : null),
        control,
        hint ? h("p", { class: "hint", id: hintID }, hint) : null,
        problem);
    return {
        element, control,
        get value() {
            return control.value;
        },
        problem(text) {
            put(problem, text);
            problem.hidden = !text;
            if (text) control.setAttribute("aria-invalid", "true");
            else control.removeAttribute("aria-invalid");
            const described = [hint && hintID, text && problemID].filter(Boolean).join(" ");
            if (described) control.setAttribute("aria-describedby", described);
            else control.removeAttribute("aria-describedby");
        },
    };
}

/** A checkbox or radio with its label beside it. */
export function choice(label, attributes = {}, hint) {
    const id = freshID("choice");
    const control = h("input", { type: "checkbox", id, ...attributes });
    return {
        control,
        element: h("div", { class: "choice" }, control, h("label", { for: id }, label,
            hint ? h("span", { class: "hint" }, hint) : null)),
    };
}

/** Puts the problems of an answer (`errors` of 422) to their fields; returns those without one. */
export function assign(problem, fields) {
    const left = [];
    let first = null;
    for (const error of problem.errors ?? []) {
        const target = fields[error.field] ?? fields[error.field?.replace(/\[.*$/, "")];
        if (target) {
            target.problem(error.detail);
            first ??= target.control;
        } else {
            left.push(error);
        }
    }
    first?.focus();
    return left;
}

/** A form that never leaves the page: `submit` is called, and the button is off until it is done. */
export function form(attributes, submit, ...children) {
    const element = h("form", { novalidate: true, ...attributes }, children);
    element.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (element.dataset.busy) return;
        element.dataset.busy = "yes";
        element.setAttribute("aria-busy", "true");
        try {
            await submit();
        } finally {
            delete element.dataset.busy;
            element.removeAttribute("aria-busy");
        }
    });
    return element;
}

/** For password managers: whose password a form without an e-mail field is about. */
export function whose(email) {
    return h("input", { type: "text", autocomplete: "username", value: email, hidden: true, readonly: true });
}
