// A card for each provider: whether it is served, its callbacks, its queue.
import { h } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { to } from "../../core/router.js";
import { badge } from "../../parts/status.js";
import { facts } from "../../parts/table.js";
import { secondsAgo } from "../../parts/time.js";
import { t } from "../../strings.js";

const STATES = { running: "delivered", stopped: "failed", no_dispatcher: "unknown" };

export function providerCards(status, waits) {
    return h("ul", { class: "cards" }, Object.entries(status.providers).map(([name, provider]) => {
        const sending = status.sending?.[name];
        const minutes = provider.minutes_until_provider_gives_up;
        return h("li", { class: "card stack tight" },
            h("div", { class: "section-head" }, h("h3", null, format.title(name)),
                minutes !== null ? badge("failed", t.provider.refusing)
                    : sending ? badge(STATES[sending.state] ?? "unknown", t.provider.states[sending.state] ?? sending.state) : null),
            minutes !== null ? h("p", { class: "wrong strong" }, t.provider.givesUp(format.span(minutes * 60))) : null,
            sending?.reason?.detail ? h("p", null, sending.reason.detail) : null,
            facts([
                [t.provider.lastCallback, secondsAgo(provider.last_callback_age_seconds) ?? t.provider.never],
                [t.provider.callbacksHour, format.count(provider.callbacks.accepted.last_hour)],
                provider.callbacks.refused.last_hour ? [t.provider.refusedHour, format.count(provider.callbacks.refused.last_hour)] : null,
                sending ? [t.provider.queued, link(sending.queued, name, "queued")] : null,
                sending ? [t.provider.awaiting, link(sending.awaiting_report, name, "accepted,sent")] : null,
                sending?.unsure ? [t.provider.unsure, format.count(sending.unsure)] : null,
                [t.provider.deadLetters, waiting(waits.letters[name], "dead-letters", { provider: name })],
                [t.nav.quarantine, waiting(waits.quarantined[name], "quarantine", { provider: name, authenticated: "true" })],
            ]));
    }));
}

function link(count, provider, status) {
    return waiting(count, "messages", { provider, status });
}

function waiting(count, view, query) {
    return count ? h("a", { class: "inline-target", href: to(view, query) }, format.count(count)) : "0";
}
