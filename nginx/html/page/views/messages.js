// The list of messages: newest first, live, filtered by the address.
import { pause } from "../core/activity.js";
import { api } from "../core/api.js";
import { h, put } from "../core/dom.js";
import { follow } from "../core/live.js";
import { to } from "../core/router.js";
import { say } from "../core/say.js";
import * as session from "../core/session.js";
import { providerNames } from "../core/providers.js";
import { icon } from "../parts/icons.js";
import { empty, loading, trouble } from "../parts/states.js";
import { table } from "../parts/table.js";
import { at } from "../parts/time.js";
import { t } from "../strings.js";
import { columnMenu, columns } from "./messages/columns.js";
import { exportMessages } from "./messages/export.js";
import { filterForm } from "./messages/filter-form.js";
import { apiQuery, conditions } from "./messages/filter.js";

const PAGE = 50;
// Beyond so many rows a page gets slow, and nobody reads them.
const MOST_ROWS = 1000;
// A stream tells of each message; the list is asked again at most this often.
const ASK_AGAIN_MS = 2000;
// A search that has found nothing yet goes on by itself, with a rest for the others.
const GO_ON_MS = 250;

export const title = () => t.nav.messages;

export function show({ root, query: firstQuery, signal }) {
    const controls = filterForm({ providers: providerNames(signal), signal });
    const list = table({ caption: t.messages.caption, columns: [] });
    const frame = h("div", { class: "stack tight" });
    const fresh = h("button", { type: "button", class: "button fresh", hidden: true });
    const condition = h("p", { class: "live small" });
    const foot = h("div", { class: "list-foot" });
    const showColumns = () => list.columns(...columns());
    showColumns();
    put(root,
        h("div", { class: "head" }, h("h1", null, t.nav.messages),
            h("div", { class: "buttons" },
                h("button", { type: "button", class: "button", on: { click: () => exportMessages(apiQuery(query), signal) } }, t.export.action),
                columnMenu(showColumns))),
        controls.element,
        h("div", { class: "live-row" }, condition, fresh), frame, foot);

    let query = firstQuery;
    let search = null;
    fresh.addEventListener("click", showFresh);

    /** Begins a search for what the address says. */
    function begin(next) {
        query = next;
        controls.update(query);
        search?.end.abort();
        const end = new AbortController();
        const both = AbortSignal.any([end.signal, signal]);
        search = { end, signal: both, ask: apiQuery(query), next: null, waiting: [], isGap: false, timer: 0, askedAt: 0 };
        drawFresh();
        put(frame, loading());
        put(foot);
        first(search);
    }

    const page = (mine, cursor) => api.get("/v1/messages", { ...mine.ask, limit: PAGE, cursor }, mine.signal);

    async function first(mine) {
        try {
            const answer = await page(mine);
            if (mine.signal.aborted) return;
            list.set(answer.messages);
            put(frame, answer.messages.length ? list.element : nothing(answer));
            mine.next = answer.next;
            drawFoot(mine, answer);
            if (list.size || !answer.next) say(t.messages.found(list.size, Boolean(answer.next)));
            listen(mine);
        } catch (problem) {
            if (!mine.signal.aborted) put(frame, trouble(problem, () => begin(query)));
        }
    }

    function nothing(answer) {
        if (answer.next) return empty(t.messages.notYet);
        if (conditions(query).length) {
            return empty(t.messages.noneFound, h("p", null, t.messages.noneFoundText),
                h("a", { class: "button", href: to("messages") }, t.filter.clear));
        }
        return empty(t.messages.none, h("p", null, session.may("send") ? t.messages.noneText : t.messages.noneTextViewer),
            session.may("send") ? h("a", { class: "button main", href: to("send") }, t.nav.send) : null);
    }

    async function older(mine, button) {
        button.disabled = true;
        button.textContent = t.state.loading;
        try {
            const before = list.size;
            const answer = await page(mine, mine.next);
            if (mine.signal.aborted) return;
            if (!before && answer.messages.length) put(frame, list.element);
            else if (!before && !answer.next) put(frame, nothing(answer));
            list.append(answer.messages);
            mine.next = answer.next;
            drawFoot(mine, answer);
            if (list.size || !answer.next) say(list.size ? t.messages.shown(list.size) : t.messages.found(0, false));
        } catch (problem) {
            if (mine.signal.aborted) return;
            put(foot, trouble(problem, () => older(mine, button)));
        }
    }

    function drawFoot(mine, answer) {
        const parts = [];
        if (answer.searched_back_to && answer.next) {
            parts.push(h("p", null, t.messages.searchedBack, at(answer.searched_back_to, { focusable: true }), "."));
        }
        if (mine.next && list.size >= MOST_ROWS) parts.push(h("p", null, t.messages.tooMany(list.size)));
        else if (mine.next) {
            const button = h("button", { type: "button", class: "button" }, answer.searched_back_to ? t.messages.goOn : t.messages.older);
            button.addEventListener("click", () => older(mine, button));
            parts.push(button);
            if (!list.size) goOn(mine, button);
        } else if (list.size) parts.push(h("p", { class: "quiet small" }, t.messages.end(list.size)));
        put(foot, parts);
    }

    async function goOn(mine, button) {
        await pause(GO_ON_MS, mine.signal);
        if (!mine.signal.aborted && button.isConnected && !button.disabled) older(mine, button);
    }

    /** Follows what happens: changed rows at once, new ones when nobody reads. */
    function listen(mine) {
        if (query.get("until") || query.get("range") === "yesterday") {
            put(condition, h("span", { class: "quiet" }, t.live.past));
            return;
        }
        const streamed = Object.fromEntries(["status", "provider", "send_request_id"].map((name) => [name, mine.ask[name]]));
        follow("/v1/live", streamed, {
            ask: () => refresh(mine),
            status: (message) => {
                if (list.has(message.id)) list.update(message);
                else if (!mine.timer) {
                    mine.timer = setTimeout(() => {
                        mine.timer = 0;
                        refresh(mine).catch(() => {});
                    }, Math.max(50, mine.askedAt + ASK_AGAIN_MS - Date.now()));
                }
            },
            condition: (word) => put(condition, h("span", { class: `live-${word}` }, t.live[word])),
        }, mine.signal);
    }

    async function refresh(mine) {
        mine.askedAt = Date.now();
        const answer = await page(mine);
        if (mine.signal.aborted) return;
        const unknown = answer.messages.filter((message) => !list.update(message));
        mine.waiting = unknown;
        mine.isGap = unknown.length === PAGE;
        if (!unknown.length) return;
        if (isRead()) drawFresh();
        else showFresh();
    }

    /** Whether somebody is in the middle of the list, so that rows must not move. */
    function isRead() {
        return scrollY > 160 || list.body.contains(document.activeElement) || list.body.matches(":hover")
            || (!getSelection().isCollapsed && list.body.contains(getSelection().anchorNode));
    }

    function drawFresh() {
        const number = search?.waiting.length ?? 0;
        fresh.hidden = number === 0;
        const text = search?.isGap ? t.messages.manyNew(number) : t.messages.new(number);
        if (!fresh.hidden && fresh.textContent !== text) say(text);
        put(fresh, icon("way"), text);
    }

    function showFresh(event) {
        const { waiting, isGap } = search;
        search.waiting = [];
        if (event) scrollTo(0, 0);
        if (isGap) {
            begin(query);
            return;
        }
        if (!frame.contains(list.element)) put(frame, list.element);
        list.prepend(waiting);
        list.trim(MOST_ROWS);
        drawFresh();
        if (waiting.length) say(t.messages.newShown(waiting.length));
        if (event) list.body.querySelector("a")?.focus();
    }

    begin(firstQuery);
    return { update: begin };
}
