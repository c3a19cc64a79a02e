// A list of what waits for somebody, with a filter in the address: rows are dealt with one by one, those that
// are chosen, or all that the filter finds.
import { api } from "../core/api.js";
import { every } from "../core/activity.js";
import { h, put } from "../core/dom.js";
import { to } from "../core/router.js";
import { t } from "../strings.js";
import { selection } from "./selection.js";
import { empty, loading, trouble } from "./states.js";
import { table } from "./table.js";

const PAGE = 50;
const ASK_MS = 15000;

/**
 * Draws it into `root`.
 *
 * - view, path, member: its name in the address, the API's path, and the member of the answer with the rows.
 * - filter: a filterBar. - columns: of the table, without the checkboxes.
 * - words: {count(n, isLeast), none, noneText, noneFound}.
 * - deal: null for somebody who may only look; else {can(row), name(row), some: {label(n), run(rows)},
 *   all: {label, run(asked, {count, isLeast})}, more: buttons}, whose `run`s resolve when they are done.
 *
 * Returns {update(query), reload()}.
 */
export function workList({ root, view, path, member, filter, columns, words, deal, signal }) {
    const count = h("p", { class: "quiet", role: "status" });
    const some = h("button", { type: "button", class: "button", hidden: true });
    const all = h("button", { type: "button", class: "button", hidden: true }, deal?.all.label);
    const body = h("div", { class: "stack tight" }, loading());
    const foot = h("div", { class: "list-foot" });
    put(root, h("div", { class: "head" }, h("h1", null, t.nav[view])), filter.element,
        h("div", { class: "section-head" }, count, h("div", { class: "buttons" }, some, all)), body, foot);

    const chosen = deal && selection({
        name: deal.name, can: deal.can,
        changed(number) {
            some.hidden = number === 0;
            put(some, deal.some.label(number));
        },
    });
    const list = table({ caption: t.nav[view], header: deal ? 1 : 0, columns: deal ? [chosen.column, ...columns] : columns });
    let asked = {};
    let found = { count: 0, isLeast: false };
    let pages = 0;
    let turn = 0;
    some.addEventListener("click", () => deal.some.run(chosen.rows).then(reload));
    all.addEventListener("click", () => deal.all.run(asked, found).then(reload));

    const ask = (cursor) => api.get(path, { ...asked, limit: PAGE, cursor }, signal);

    async function load(cursor) {
        turn += 1;
        const mine = turn;
        try {
            const answer = await ask(cursor);
            if (mine !== turn) return;
            if (cursor) list.append(answer[member]);
            else {
                chosen?.clear();
                list.set(answer[member]);
            }
            pages = cursor ? pages + 1 : 1;
            draw(answer);
        } catch (problem) {
            if (!signal.aborted && mine === turn) put(body, trouble(problem, () => load(cursor)));
        }
    }

    function draw(answer) {
        found = { count: answer.count, isLeast: answer.count_is_least };
        const sentence = found.count ? words.count(found.count, found.isLeast) : "";
        if (count.textContent !== sentence) put(count, sentence);
        all.hidden = !deal || !list.size;
        if (!list.size) put(body, nothing());
        else if (!list.element.isConnected) put(body, list.element);
        put(foot, answer.next ? h("button", { type: "button", class: "button", on: { click: () => load(answer.next) } }, t.messages.older) : null);
    }

    function nothing() {
        return Object.values(asked).some(Boolean) ? empty(words.noneFound, h("a", { class: "button", href: to(view) }, t.filter.clear))
            : empty(words.none, h("p", null, words.noneText));
    }

    /** What is new, or was dealt with elsewhere; not under somebody's hands. */
    async function refresh() {
        const isBusy = () => pages !== 1 || chosen?.rows.length || body.contains(document.activeElement) || document.querySelector("dialog[open]");
        if (isBusy()) return;
        const mine = turn;
        const answer = await ask();
        if (signal.aborted || mine !== turn || isBusy()) return;
        const isSame = answer[member].length === list.size && answer[member].every((row) => list.update(row));
        if (!isSame) list.set(answer[member]);
        draw(answer);
    }

    function reload() {
        return load();
    }

    every(ASK_MS, refresh, signal);
    return {
        reload,
        update(query) {
            filter.update(query);
            asked = filter.conditions;
            load();
        },
    };
}
