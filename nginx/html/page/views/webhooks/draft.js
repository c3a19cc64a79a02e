// The form about a webhook: where it leads, what it is told of, and how fast.
import { providerNames } from "../../core/providers.js";
import * as format from "../../core/format.js";
import { h, put } from "../../core/dom.js";
import { assign, choice, field } from "../../parts/fields.js";
import { t } from "../../strings.js";

const EVENTS = ["message.status_changed", "inbound.received", "opt_out.changed", "provider.silent", "webhook.disabled"];
const STATUSES = Object.keys(t.status);

/**
 * The form's fields, filled with a webhook that there is, or empty. `request()` reads them; it throws
 * what is wrong with a field that the service could not name.
 */
export function draft(row, signal) {
    const text = (name, attributes, more) => field(t.webhooks[name], { autocomplete: "off", value: row?.[name] ?? "", ...attributes }, more);
    const list = (name) => text(camel(name), { value: (row?.[name] ?? []).join(", ") }, { hint: t.webhooks[`${camel(name)}Hint`], optional: t.webhooks.optional });
    const fields = {
        url: text("url", { type: "url", maxlength: 2000, readonly: row?.for_messages ? true : null }, { hint: t.webhooks.urlHint }),
        description: text("description", { maxlength: 300 }, { optional: t.webhooks.optional }),
        countries: list("countries"), submitters: list("submitters"), send_requests: list("send_requests"),
        metadata: text("metadata", { value: row?.metadata ? JSON.stringify(row.metadata) : "" }, { hint: t.webhooks.metadataHint, optional: t.webhooks.optional }),
        rate: text("rate", { type: "number", min: 1, max: 10000 }, { hint: t.webhooks.rateHint, optional: t.webhooks.optional }),
        concurrency: text("concurrency", { type: "number", min: 1, max: 64, value: row?.concurrency ?? 8 }),
        headers: field(t.webhooks.headers, { rows: 2, autocomplete: "off", spellcheck: "false" }, { tag: "textarea", hint: t.webhooks.headersHint, optional: t.webhooks.optional }),
    };
    fields.headers.control.value = Object.entries(row?.headers ?? {}).map(([name, value]) => `${name}: ${value}`).join("\n");
    const ticks = (values, words, chosen) => values.map((value) => choice(words[value] ?? value, { value, checked: chosen.includes(value) }));
    const events = ticks(EVENTS, t.events, row?.events ?? [EVENTS[0]]);
    const statuses = ticks(STATUSES, t.status, row?.statuses ?? []);
    let providers = [];
    const isFinal = choice(t.webhooks.finalOnly, { checked: row?.final_only ?? false });
    const numbers = choice(t.webhooks.numbers, { checked: row?.numbers ?? false }, t.webhooks.numbersHint);
    const providerBox = h("div", { class: "stack tight" });
    providerNames(signal).then((names) => {
        // A provider that a filter names may be none that is configured now.
        const all = [...new Set([...names, ...(row?.providers ?? [])])];
        providers = ticks(all, Object.fromEntries(all.map((name) => [name, format.title(name)])), row?.providers ?? []);
        put(providerBox, providers.map((one) => one.element));
    });
    const group = (legend, ...content) => h("fieldset", { class: "stack tight" }, h("legend", null, legend), content);
    const filters = h("details", { class: "stack" }, h("summary", null, t.webhooks.filters),
        group(t.webhooks.statuses, h("p", { class: "hint" }, t.webhooks.noneMeansAll), statuses.map((one) => one.element)),
        group(t.webhooks.providers, h("p", { class: "hint" }, t.webhooks.noneMeansAll), providerBox),
        fields.countries.element, fields.submitters.element, fields.send_requests.element, fields.metadata.element);
    const more = h("details", { class: "stack" }, h("summary", null, t.webhooks.more),
        fields.rate.element, fields.concurrency.element, fields.headers.element);
    const chosen = (list) => list.filter((one) => one.control.checked).map((one) => one.control.value);
    const some = (values) => (values.length ? values : null);
    const words = (one) => some(one.value.split(/[\s,]+/).filter(Boolean));

    return {
        elements: [fields.url.element, fields.description.element, group(t.webhooks.events, events.map((one) => one.element)),
            isFinal.element, numbers.element, filters, more],
        clear() {
            for (const one of Object.values(fields)) one.problem("");
        },
        /** Puts problems to their fields, and opens what hides one; returns those without a field. */
        assign(problem) {
            const errors = problem.errors.map((error) => ({ ...error, field: error.field?.replace(/^headers\..*$/, "headers") }));
            const left = assign({ errors }, fields);
            for (const part of [filters, more]) if (part.querySelector("[aria-invalid]")) part.open = true;
            return left;
        },
        request() {
            const request = {
                description: fields.description.value.trim(), events: chosen(events), final_only: isFinal.control.checked,
                numbers: numbers.control.checked, statuses: some(chosen(statuses)), providers: some(chosen(providers)),
                countries: words(fields.countries)?.map((one) => one.toUpperCase()) ?? null, submitters: words(fields.submitters),
                send_requests: words(fields.send_requests), metadata: metadata(fields.metadata),
                rate: number(fields.rate), concurrency: number(fields.concurrency) ?? 8, headers: headers(fields.headers),
            };
            if (!row?.for_messages) request.url = fields.url.value.trim();
            return request;
        },
    };
}

const camel = (name) => name.replace(/_./g, (part) => part[1].toUpperCase());

const number = (one) => (one.value.trim() ? Number(one.value) : null);

function metadata(one) {
    const text = one.value.trim();
    if (!text) return null;
    try {
        return JSON.parse(text);
    } catch {
        return wrong(one, "metadata", t.webhooks.metadataHint);
    }
}

function headers(one) {
    const found = {};
    for (const line of one.value.split("\n").map((part) => part.trim()).filter(Boolean)) {
        const place = line.indexOf(":");
        if (place < 1) return wrong(one, "headers", t.webhooks.headersHint);
        found[line.slice(0, place).trim()] = line.slice(place + 1).trim();
    }
    return found;
}

function wrong(one, name, text) {
    throw Object.assign(new Error(text), { errors: [{ field: name, detail: text }] });
}
