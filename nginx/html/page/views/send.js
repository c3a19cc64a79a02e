// Send a text: to whom, what, when. Everything is checked while it is typed, by the server's rules.
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import * as format from "../core/format.js";
import { providerNames } from "../core/providers.js";
import { go, to } from "../core/router.js";
import { assign, field, form } from "../parts/fields.js";
import { confirm } from "../parts/dialog.js";
import { outcome } from "../parts/states.js";
import { t } from "../strings.js";
import { recipientsField } from "./send/recipients-field.js";
import { textField } from "./send/text-field.js";

// The most recipients of one request.
const MOST = 1000;

export const title = () => t.nav.send;

export function show({ root, query, signal }) {
    root.classList.add("narrow");
    const recipients = recipientsField();
    const text = textField();
    const sender = field(t.send.from, { maxlength: 30, autocomplete: "off" }, { hint: t.send.fromHint, optional: t.send.optional });
    const provider = field(t.send.provider, {}, { tag: "select", options: [["", t.send.anyProvider]] });
    const when = field(t.send.when, { type: "datetime-local", step: 60 }, { hint: t.filter.zoneHint, optional: t.send.nowUnless });
    const validity = field(t.send.validity, { type: "number", min: 1, max: 2880, inputmode: "numeric" }, { hint: t.send.validityHint, optional: t.send.optional });
    const result = outcome();
    const button = h("button", { type: "submit", class: "button main" }, t.send.action);
    // A repeated request after a lost answer must not send twice.
    let keys = null;

    providerNames(signal).then((names) => {
        provider.control.append(...names.map((name) => h("option", { value: name }, format.title(name))));
        provider.element.hidden = names.length < 2;
    });

    put(root, h("div", { class: "head" }, h("h1", null, t.nav.send)),
        form({ class: "stack card send-form", on: { input: () => { keys = null; } } }, submit,
            recipients.element, text.element,
            h("details", { class: "more-options" }, h("summary", null, t.send.options),
                h("div", { class: "fields" }, sender.element, when.element, validity.element, provider.element)),
            h("div", { class: "buttons" }, button, result.element)));

    const again = query.get("again");
    if (again) fillFrom(again);

    async function fillFrom(id) {
        try {
            const message = await api.get(`/v1/messages/${encodeURIComponent(id)}`, {}, signal);
            recipients.set(message.to ?? "");
            text.set(message.text ?? "");
            sender.control.value = message.sent_by_us ? message.from ?? "" : "";
            if (!message.text) result.wrong(t.send.noText);
        } catch (problem) {
            if (!signal.aborted) result.wrong(problem);
        }
    }

    async function submit() {
        result.clear();
        for (const one of [recipients, text, sender, when, validity, provider]) one.problem("");
        const { numbers, problems } = recipients.read();
        if (!numbers.length) {
            recipients.problem(problems.length ? t.send.noneRight : t.send.noRecipient);
            recipients.control.focus();
            return;
        }
        if (!text.value) {
            text.problem(t.send.noTextYet);
            text.control.focus();
            return;
        }
        if (problems.length || numbers.length > 20) {
            const agreed = await confirm({
                title: t.send.confirmTitle(numbers.length), action: t.send.confirmAction(numbers.length), signal,
                text: [t.send.confirmText(numbers.length, text.segments * numbers.length), problems.length ? t.send.confirmProblems(problems.length) : ""].join(" "),
                run: async () => {},
            });
            if (!agreed) return;
        }
        await send(numbers);
    }

    async function send(numbers) {
        const batches = [];
        for (let at = 0; at < numbers.length; at += MOST) batches.push(numbers.slice(at, at + MOST));
        keys ??= batches.map(() => crypto.randomUUID());
        const requests = [];
        try {
            for (const [index, batch] of batches.entries()) {
                if (batches.length > 1) result.ok(t.send.sending(index * MOST, numbers.length));
                const answer = await api.post("/v1/messages", bodyFor(batch), {
                    headers: { "Idempotency-Key": keys[index] }, signal,
                });
                requests.push(answer);
            }
        } catch (problem) {
            if (signal.aborted) return;
            refuse(problem, numbers, requests.length * MOST);
            return;
        }
        const [only] = requests;
        if (requests.length === 1 && only.messages.length === 1) go(to(["messages", only.messages[0].id]));
        else go(to(["sent", requests.map((answer) => answer.send_request_id).join(",")]));
    }

    function bodyFor(batch) {
        const body = { to: batch.length === 1 ? batch[0] : batch, text: text.value };
        if (sender.value.trim()) body.from = sender.value.trim();
        if (provider.value) body.provider = provider.value;
        if (when.value) body.send_at = new Date(when.value).toISOString();
        if (validity.value) body.validity_minutes = Number(validity.value);
        return body;
    }

    /** Problems of single recipients are shown with their number. */
    function refuse(problem, numbers, sent) {
        if (problem.code !== "invalid_message") {
            result.wrong(problem);
            return;
        }
        const ofRecipients = problem.errors.filter((error) => /^to(\[|$)/.test(error.field));
        const others = problem.errors.filter((error) => !/^to(\[|$)/.test(error.field));
        if (ofRecipients.length) {
            recipients.problem(ofRecipients.slice(0, 20).map((error) => {
                const place = Number(error.field.match(/\[(\d+)\]/)?.[1] ?? 0) + sent;
                return `${numbers[place] ?? ""}: ${error.detail}`;
            }).join("\n"));
            recipients.control.focus();
        }
        const left = assign({ errors: others }, { text, from: sender, provider, send_at: when, validity_minutes: validity });
        if (others.some((error) => error.field !== "text")) root.querySelector(".more-options").open = true;
        if (left.length) result.wrong(left.map((error) => error.detail).join(" "));
        else result.wrong(sent ? t.send.partly(sent) : t.send.nothingSent);
    }
}
