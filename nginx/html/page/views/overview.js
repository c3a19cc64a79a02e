// Is it well? One sentence first, then what needs a hand, the providers, and how it went.
import { api } from "../core/api.js";
import { every } from "../core/activity.js";
import { h, put } from "../core/dom.js";
import { place, to } from "../core/router.js";
import { say } from "../core/say.js";
import { PERIODS } from "../core/statistics.js";
import { loading, trouble, explain } from "../parts/states.js";
import { icon } from "../parts/icons.js";
import { t } from "../strings.js";
import { charts } from "./overview/charts.js";
import { topErrors } from "./overview/errors.js";
import { judge } from "./overview/judgement.js";
import { providerCards } from "./overview/providers.js";
import { whatWaits } from "./overview/waiting.js";

const ASK_MS = 5000;
const COUNT_MS = 60000;
// What waits for somebody changes slowly.
const WAITING_MS = 15000;

export const title = () => t.nav.overview;

export function show({ root, query, signal }) {
    let period = chosen(query);
    let counting = null;
    const verdict = h("div", { class: "verdict" }, loading());
    const hand = h("section", { class: "stack tight", hidden: true });
    const providers = h("section", { class: "stack tight" });
    const periods = h("div", { class: "switch", role: "group", "aria-label": t.overview.period });
    const drawings = h("div", { class: "stack" }, loading());
    const errors = h("section", { class: "stack tight" });
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.overview)), verdict, hand, providers,
        h("section", { class: "stack" }, h("div", { class: "section-head" }, h("h2", null, t.overview.how), periods), drawings), errors);

    let lastVerdict = "";
    let waiting = { letters: {}, quarantined: {} };
    let waitingAt = -WAITING_MS;

    async function look() {
        let judged;
        try {
            const status = await api.get("/v1/status", {}, signal);
            if (performance.now() - waitingAt > WAITING_MS) {
                waitingAt = performance.now();
                // Where it cannot be had, the rest is shown all the same.
                waiting = await whatWaits(Object.keys(status.providers), signal).catch(() => waiting);
            }
            judged = judge(status, waiting);
            // Not under somebody's hands.
            if (!providers.contains(document.activeElement)) put(providers, h("h2", null, t.overview.providers), providerCards(status, waiting));
        } catch (problem) {
            if (signal.aborted) return;
            judged = { kind: "failed", sentence: t.overview.noStatus, items: [{ text: explain(problem) }] };
            drawVerdict(judged);
            throw problem;
        }
        drawVerdict(judged);
    }

    function drawVerdict(judged) {
        const text = JSON.stringify(judged);
        if (text === lastVerdict) return;
        const { kind, sentence, items } = judged;
        if (lastVerdict) say(sentence);
        lastVerdict = text;
        put(verdict, h("p", { class: `verdict-sentence ${kind}` }, icon(kind), h("span", null, sentence)));
        hand.hidden = !items.length;
        put(hand, h("h2", null, t.overview.hand), h("ul", { class: "hand" }, items.map((item) => h("li", null, h("span", null, item.text),
            item.href ? h("a", { class: "button small-button", href: item.href }, item.action) : null))));
    }

    function count() {
        counting?.abort();
        counting = new AbortController();
        const both = AbortSignal.any([counting.signal, signal]);
        put(periods, Object.keys(PERIODS).map((name) => h("a", {
            href: to("", name === "day" ? {} : { period: name }), "aria-current": name === period ? "true" : null,
        }, t.overview.periods[name])));
        every(COUNT_MS, async () => {
            try {
                await Promise.all([charts(drawings, period, both), topErrors(errors, period, both)]);
            } catch (problem) {
                if (both.aborted) return;
                put(drawings, problem.status === 404 ? h("p", { class: "quiet" }, t.state.unavailable) : trouble(problem, count));
                throw problem;
            }
        }, both);
    }

    every(ASK_MS, look, signal);
    count();
    return {
        update(next) {
            if (place().path.length > 1 || chosen(next) === period) return;
            period = chosen(next);
            put(drawings, loading());
            count();
        },
    };
}

function chosen(query) {
    return query.get("period") in PERIODS ? query.get("period") : "day";
}
