// The filter of a list as a row of fields: they only change the address, and the list follows it.
import { h } from "../core/dom.js";
import { local, period, RANGES, utc } from "../core/period.js";
import { go, to } from "../core/router.js";
import { t } from "../strings.js";
import { field, form } from "./fields.js";

const TIMES = ["since", "until"];

/**
 * The bar of a view: `fields` are {name, label, hint, options}, with a choice instead of a text where
 * there are options (a promise of [value, text] pairs). A period is always there.
 */
export function filterBar(view, fields) {
    const controls = fields.map(({ name, label, hint, options }) => {
        const made = options
            ? field(label, {}, { tag: "select", options: [["", t.filter.any]] })
            : field(label, { autocomplete: "off", spellcheck: "false" }, { hint });
        options?.then((list) => {
            made.control.append(...list.map(([value, text]) => h("option", { value }, text)));
            made.control.value = query.get(name) ?? "";
        });
        return [name, made];
    });
    const range = field(t.filter.range, {}, { tag: "select", options: [["", t.ranges.any], ...RANGES.map((name) => [name, t.ranges[name]])] });
    const times = TIMES.map((name) => [name, field(t.filter[name], { type: "datetime-local", step: 1 }, { hint: name === "until" ? t.filter.zoneHint : null })]);
    const exact = h("details", { class: "more-options" }, h("summary", null, t.filter.exact),
        h("div", { class: "fields" }, times.map(([, one]) => one.element)));
    const clear = h("a", { class: "button", href: to(view) }, t.filter.clear);
    let query = new URLSearchParams();
    range.control.addEventListener("change", () => {
        // Each takes the other's place.
        if (range.value) for (const [, one] of times) one.control.value = "";
    });
    for (const [, one] of times) one.control.addEventListener("change", () => { range.control.value = ""; });

    const element = form({ class: "filter-bar", role: "search" }, () => go(to(view, {
        ...Object.fromEntries(controls.map(([name, one]) => [name, one.value.trim()])),
        range: range.value, ...Object.fromEntries(times.map(([name, one]) => [name, utc(one.value)])),
    })), controls.map(([, one]) => one.element), range.element,
    h("div", { class: "buttons" }, h("button", { type: "submit", class: "button" }, t.filter.find), clear), exact);
    return {
        element,
        /** Shows what the address says. */
        update(next) {
            query = next;
            for (const [name, one] of controls) one.control.value = query.get(name) ?? "";
            range.control.value = RANGES.includes(query.get("range")) ? query.get("range") : "";
            for (const [name, one] of times) one.control.value = local(query.get(name));
            if (times.some(([, one]) => one.value)) exact.open = true;
            clear.hidden = ![...query].length;
        },
        /** What the API is asked. A preset becomes times once: all pages must have the same filter. */
        get conditions() {
            const { since, until } = period(query.get("range"));
            const asked = Object.fromEntries([...controls.map(([name]) => name), ...TIMES].map((name) => [name, query.get(name) || undefined]));
            return { ...asked, ...(since && { since: since.toISOString() }), ...(until && { until: until.toISOString() }) };
        },
    };
}
