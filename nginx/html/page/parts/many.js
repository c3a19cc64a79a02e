// Something done to many things: asks with their count, then does it portion by portion and counts.
import { h, put } from "../core/dom.js";
import { say } from "../core/say.js";
import { t } from "../strings.js";
import { open } from "./dialog.js";
import { explain } from "./states.js";

/**
 * Asks, and does it. `steps(signal)` is an async generator of portions: {done, left, failures}, where
 * `left` is how many are left, null if that is not known, and failures are {count, reason}. `words.done(n)` says
 * what became of them. Resolves with how many were done, when the dialog is closed.
 */
export async function doMany({ title, text, action, total, steps, words, danger = false, signal }) {
    const stop = new AbortController();
    let done = 0;
    const body = h("div", { class: "stack tight" });
    const closing = open(title, (close) => {
        put(body, h("p", null, text), h("div", { class: "buttons end" },
            h("button", { type: "button", class: "button", on: { click: () => close() } }, t.action.back),
            h("button", { type: "button", class: danger ? "button danger" : "button main", on: { click: () => run(close) } }, action)));
        return body;
    }, signal);
    closing.then(() => stop.abort());

    async function run(close) {
        const bar = h("progress", { max: total || 1, value: 0, "aria-label": title });
        const sentence = h("p", { class: "strong" }, t.many.count(0, total));
        const wrong = h("ul", { class: "wrong-numbers" });
        const halt = h("button", { type: "button", class: "button", on: { click: () => stop.abort() } }, t.export.stop);
        const buttons = h("div", { class: "buttons end" }, halt);
        put(body, sentence, bar, wrong, buttons);
        halt.focus();
        const reasons = new Map();
        let most = total;
        let failed = 0;
        let problem = null;
        try {
            for await (const portion of steps(stop.signal)) {
                done += portion.done;
                for (const { count, reason } of portion.failures ?? []) {
                    failed += count;
                    if (count) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
                }
                put(wrong, [...reasons].map(([reason, count]) => h("li", null, t.many.reason(count, reason))));
                // Others may come while it goes on.
                if (portion.left !== null) most = done + failed + portion.left;
                put(sentence, t.many.count(done + failed, most));
                bar.max = most || 1;
                bar.value = done + failed;
                if (stop.signal.aborted) break;
            }
        } catch (caught) {
            if (!stop.signal.aborted) problem = caught;
        }
        const isStopped = stop.signal.aborted;
        put(sentence, [words.done(done), failed ? t.many.failed(failed) : "", isStopped ? t.many.stopped : ""].filter(Boolean).join(" "));
        if (problem) wrong.append(h("li", { role: "alert" }, explain(problem)));
        say(sentence.textContent);
        const end = h("button", { type: "button", class: "button main", on: { click: () => close() } }, t.action.done);
        put(buttons, end);
        end.focus();
    }

    await closing;
    return done;
}
