// Making and changing a webhook, and giving it a new secret.
import { api } from "../../core/api.js";
import { h, put } from "../../core/dom.js";
import { copyable } from "../../parts/copy.js";
import { confirm, open } from "../../parts/dialog.js";
import { form } from "../../parts/fields.js";
import { outcome } from "../../parts/states.js";
import { t } from "../../strings.js";
import { draft } from "./draft.js";

/** Asks what the webhook is, makes it, shows its secret, and tells that it is there. */
export function create(signal, made) {
    ask(t.webhooks.add, t.webhooks.make, null, signal, async (request, body, close) => {
        const { secret } = await api.post("/v1/webhooks", request);
        put(body, shown(secret, close));
        made();
    });
}

/** Asks what is to be different about a webhook, and changes it. */
export function change(row, signal, changed) {
    ask(t.webhooks.change, t.webhooks.save, row, signal, async (request, body, close) => {
        await api.patch(`/v1/webhooks/${row.id}`, request);
        close();
        changed();
    });
}

function ask(heading, action, row, signal, run) {
    open(heading, (close) => {
        const fields = draft(row, signal);
        const result = outcome();
        const body = h("div");
        put(body, form({ class: "stack" }, async () => {
            result.clear();
            fields.clear();
            try {
                const request = fields.request();
                if (!request.events.length) return result.wrong(t.webhooks.noEvent);
                await run(request, body, close);
            } catch (problem) {
                if (!problem.errors?.length || fields.assign(problem).length) result.wrong(problem);
            }
        }, fields.elements, result.element, h("button", { type: "submit", class: "button main" }, action)));
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
