// Send a message again: the same content as a new message, which names the first one in its metadata.
import { api } from "../../core/api.js";
import { h } from "../../core/dom.js";
import { to } from "../../core/router.js";
import { confirm } from "../../parts/dialog.js";
import { spaced } from "../../text/number.js";
import { t } from "../../strings.js";

/** The member of the metadata that names the message that was sent first. */
export const FIRST = "again_of";

/** Asks, and sends it once more; resolves with the new message's id, or nothing. */
export async function again(message, signal) {
    // One key for all attempts: a repeated one after a lost answer must not send twice.
    const key = crypto.randomUUID();
    let id;
    await confirm({
        title: t.message.againTitle, action: t.message.again, signal,
        text: [t.message.againText(spaced(message.to)), message.final ? null : ` ${t.message.againEarly}`, " ",
            h("a", { class: "inline-target", href: to("send", { again: message.id }) }, t.message.againChange), "."],
        run: async () => {
            const answer = await api.post("/v1/messages", content(message), { headers: { "Idempotency-Key": key }, signal });
            id = answer.messages[0].id;
        },
    });
    return id;
}

/** What is sent: all that somebody chose for the first one, but its time. */
function content(message) {
    const body = { to: message.to, text: message.text, metadata: { ...message.metadata, [FIRST]: message.id } };
    if (message.from) body.from = message.from;
    if (message.validity_minutes) body.validity_minutes = message.validity_minutes;
    if (message.callback_data) body.callback_data = message.callback_data;
    return body;
}
