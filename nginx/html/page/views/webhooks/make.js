// What shows a webhook's secret: making it, and giving it a new one.
import { api } from "../../core/api.js";
import { h, put } from "../../core/dom.js";
import { copyable } from "../../parts/copy.js";
import { confirm, open } from "../../parts/dialog.js";
import { assign, choice, field, form } from "../../parts/fields.js";
import { outcome } from "../../parts/states.js";
import { t } from "../../strings.js";

const EVENTS = ["message.status_changed", "inbound.received", "opt_out.changed", "provider.silent", "webhook.disabled"];

/** Asks what the webhook is, makes it, shows its secret, and tells that it is there. */
export function create(signal, made) {
    open(t.webhooks.add, (close) => {
        const url = field(t.webhooks.url, { type: "url", autocomplete: "off", maxlength: 2000 }, { hint: t.webhooks.urlHint });
        const description = field(t.webhooks.description, { autocomplete: "off", maxlength: 300 }, { optional: t.webhooks.optional });
        const events = EVENTS.map((event) => choice(t.events[event], { value: event, checked: event === EVENTS[0] }));
        const isFinal = choice(t.webhooks.finalOnly);
        const numbers = choice(t.webhooks.numbers, {}, t.webhooks.numbersHint);
        const result = outcome();
        const body = h("div");
        put(body, form({ class: "stack" }, async () => {
            result.clear();
            url.problem("");
            const request = {
                url: url.value.trim(), description: description.value.trim(),
                events: events.filter((one) => one.control.checked).map((one) => one.control.value),
                final_only: isFinal.control.checked, numbers: numbers.control.checked,
            };
            if (!request.events.length) return result.wrong(t.webhooks.noEvent);
            try {
                const { secret } = await api.post("/v1/webhooks", request);
                put(body, shown(secret, close));
                made();
            } catch (problem) {
                if (!problem.errors.length || assign(problem, { url, description }).length) result.wrong(problem);
            }
        }, url.element, description.element,
        h("fieldset", { class: "stack tight" }, h("legend", null, t.webhooks.events), events.map((one) => one.element)),
        isFinal.element, numbers.element, result.element,
        h("button", { type: "submit", class: "button main" }, t.webhooks.make)));
        return body;
    }, signal);
}

/** Asks, makes a new secret, and shows it. */
export async function rotate(row, signal) {
    let secret;
    const done = await confirm({
        title: t.webhooks.rotateTitle, text: t.webhooks.rotateText, action: t.webhooks.rotate, signal,
        run: async () => ({ secret } = await api.post(`/v1/webhooks/${row.id}/rotate`)),
    });
    if (done) open(t.webhooks.rotate, (close) => shown(secret, close), signal);
}

function shown(secret, close) {
    return h("div", { class: "stack" }, h("p", null, t.webhooks.once), copyable(secret, t.webhooks.secret),
        h("div", { class: "buttons end" }, h("button", { type: "button", class: "button main", on: { click: () => close() } }, t.action.done)));
}
