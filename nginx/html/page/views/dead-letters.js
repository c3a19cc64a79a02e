// The messages that were given up: why, and sending them again, one, some, or all that the filter finds.
import { api } from "../core/api.js";
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { providerOptions } from "../core/providers.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { confirm } from "../parts/dialog.js";
import { filterBar } from "../parts/filter-bar.js";
import { doMany } from "../parts/many.js";
import { at } from "../parts/time.js";
import { workList } from "../parts/work-list.js";
import { spaced } from "../text/number.js";
import { t } from "../strings.js";
import { retryChosen, retryFound } from "./dead-letters/retry.js";

export const title = () => t.nav["dead-letters"];

export function show({ root, query, signal }) {
    const mayRetry = session.may("send");
    const filter = filterBar("dead-letters", [
        { name: "provider", label: t.filter.provider, options: providerOptions(signal) },
        { name: "code", label: t.filter.error_code },
        // Who sees numbers masked may not look for them either.
        ...(session.may("details") ? [{ name: "to", label: t.filter.to }] : []),
        { name: "send_request_id", label: t.filter.send_request_id },
    ]);
    const list = workList({
        root, view: "dead-letters", path: "/v1/dead-letters", member: "dead_letters", filter, words: t.letters, signal,
        columns: [
            { key: "at", title: t.letters.at, class: "when", cell: (row) => h("a", { href: to(["messages", row.id]) }, at(row.at)) },
            // Where there is little room, the number stands above the reason and has no column.
            { key: "to", title: t.columns.to, less: "minor", class: "fixed", cell: (row) => spaced(row.to) },
            { key: "why", title: t.columns.error, cell: why },
            ...(mayRetry ? [{ key: "action", title: h("span", { class: "unseen" }, t.message.again), class: "end", cell: (row) => (row.retriable
                ? h("button", { type: "button", class: "button small-button", on: { click: () => retryOne(row) } }, t.message.again, h("span", { class: "unseen" }, ` ${spaced(row.to)}`)) : null) }] : []),
        ],
        deal: mayRetry ? {
            name: (row) => spaced(row.to), can: (row) => row.retriable,
            some: { label: t.letters.chosen, run: retrySome }, all: { label: t.letters.all, run: retryAll },
        } : null,
    });

    async function retryOne(row) {
        const done = await confirm({
            title: t.message.againTitle, action: t.message.again, signal, danger: row.may_have_been_sent,
            text: [t.letters.oneText(spaced(row.to)), row.may_have_been_sent ? t.letters.twice : ""].join(" "),
            run: () => api.post(`/v1/dead-letters/${encodeURIComponent(row.id)}/retry`),
        });
        if (!done) return;
        say(t.letters.queued(1));
        list.reload();
    }

    function retrySome(rows) {
        const unsure = rows.filter((row) => row.may_have_been_sent).length;
        return doMany({
            title: t.letters.chosenTitle(rows.length), action: t.letters.chosen(rows.length), total: rows.length, signal,
            text: [t.letters.manyText, unsure ? t.letters.someTwice(unsure) : ""].join(" "), danger: unsure > 0,
            steps: (stop) => retryChosen(rows.map((row) => row.id), stop), words: { done: t.letters.queued },
        });
    }

    function retryAll(asked, { count, isLeast }) {
        return doMany({
            title: t.letters.allTitle(count, isLeast), action: t.letters.all, total: isLeast ? null : count, signal,
            text: `${t.letters.manyText} ${t.letters.leftOut}`,
            steps: (stop) => retryFound(asked, stop), words: { done: t.letters.queued },
        });
    }

    list.update(query);
    return { update: list.update };
}

function why(row) {
    return h("div", { class: "words" }, h("span", { class: "when-narrow fixed" }, spaced(row.to)), h("span", null, row.detail || t.letters.noReason),
        h("span", { class: "quiet small" }, [format.title(row.provider), row.code, t.letters.attempts(row.attempts)].join(" · ")),
        row.may_have_been_sent ? h("span", { class: "small wrong" }, t.letters.unsure) : null,
        row.retriable ? null : h("span", { class: "small" }, t.letters.whyNot[row.why_not] ?? t.letters.whyNot.settled));
}
