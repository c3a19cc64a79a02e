// The export of exactly what is filtered, as CSV: read as it comes, counted, and saved when it is whole.
import { address, request } from "../../core/api.js";
import { h, put } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { say } from "../../core/say.js";
import { open } from "../../parts/dialog.js";
import { explain } from "../../parts/states.js";
import { t } from "../../strings.js";

// Small pieces are put together, so that the browser may keep them outside of the page's memory.
const PIECE_BYTES = 4 << 20;

/** Counts the rows of a CSV that comes in pieces: line ends outside of quotes. */
export function rowCounter() {
    let quoted = false;
    let rows = 0;
    return (bytes) => {
        for (const byte of bytes) {
            if (byte === 0x22) quoted = !quoted;
            else if (byte === 0x0a && !quoted) rows += 1;
        }
        return rows;
    };
}

/** Opens the dialog and begins at once. */
export function exportMessages(query, signal) {
    const stop = new AbortController();
    const progress = h("p", { class: "export-count" });
    const more = h("p", { class: "quiet small" });
    const buttons = h("div", { class: "buttons end" });
    const dialog = open(t.export.title, () => [h("p", null, t.export.text), progress, more, buttons], signal);
    dialog.then(() => stop.abort());
    run();

    async function run() {
        put(progress, t.export.starting);
        put(buttons, h("button", { type: "button", class: "button", on: { click: () => stop.abort() } }, t.export.stop));
        const count = rowCounter();
        const pieces = [];
        let waiting = [];
        let waitingBytes = 0;
        let rows = 0;
        let bytes = 0;
        const began = performance.now();
        let shown = 0;
        const gather = () => {
            pieces.push(new Blob(waiting));
            waiting = [];
            waitingBytes = 0;
        };
        try {
            const answer = await request("GET", address("/v1/messages", { ...query, format: "csv" }), {
                headers: { Accept: "text/csv" }, signal: AbortSignal.any([stop.signal, signal]),
            });
            if (!answer.headers.get("Content-Type")?.startsWith("text/csv")) throw new Error(t.export.unavailable);
            const reader = answer.body.getReader();
            for (;;) {
                const { done, value } = await reader.read();
                if (done) break;
                rows = count(value);
                bytes += value.length;
                waiting.push(value);
                waitingBytes += value.length;
                if (waitingBytes > PIECE_BYTES) gather();
                if (performance.now() - shown > 150) {
                    shown = performance.now();
                    put(progress, t.export.rows(Math.max(0, rows - 1)));
                    put(more, t.export.size(bytes, (performance.now() - began) / 1000));
                }
            }
            gather();
            finish(new Blob(pieces, { type: "text/csv" }), Math.max(0, rows - 1), bytes);
        } catch (problem) {
            gather();
            broken(problem, pieces, Math.max(0, rows - 1));
        }
    }

    function finish(blob, rows, bytes) {
        put(progress, t.export.done(rows));
        put(more, t.export.size(bytes));
        say(t.export.done(rows));
        const link = save(blob, "");
        put(buttons, link);
        link.focus();
    }

    function broken(problem, pieces, rows) {
        const text = stop.signal.aborted ? t.export.stopped(rows) : problem.kind || rows === 0
            ? problem.kind ? explain(problem) : problem.message : t.export.broken(rows);
        put(progress, h("span", { class: "wrong" }, text));
        say(text);
        put(more, rows > 0 ? t.export.partial : "");
        put(buttons, rows > 0 ? save(new Blob(pieces, { type: "text/csv" }), t.export.partialName) : null,
            h("button", { type: "button", class: "button", on: { click: () => exportAgain() } }, t.action.tryAgain));
    }

    function exportAgain() {
        document.querySelector("dialog[open]")?.close();
        exportMessages(query, signal);
    }

    function save(blob, suffix) {
        const url = URL.createObjectURL(blob);
        dialog.then(() => URL.revokeObjectURL(url));
        const name = `messages-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}${suffix}.csv`;
        return h("a", { class: "button main", href: url, download: name }, t.export.save);
    }
}
