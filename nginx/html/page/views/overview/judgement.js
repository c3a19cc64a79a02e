// Whether all is well, from /v1/status and what waits for somebody: one sentence, and what needs a hand with the button for it.
import * as format from "../../core/format.js";
import { to } from "../../core/router.js";
import { t } from "../../strings.js";

// A message that has waited so long is late.
const LATE_SECONDS = 300;
const FULL_SHARE = 0.8;

/** {kind, sentence, items: [{text, href, action}]}; kind is delivered, unknown or failed. */
export function judge(status, waits) {
    const urgent = [];
    const worth = [];
    const { database, writer } = status;
    if (!database.reachable || database.problem) {
        urgent.push({ text: t.judge.database(database.problem, Boolean(status.spool?.accepts)), href: to("status"), action: t.judge.showStatus });
    }
    if (writer.capacity_reports && writer.queued_reports / writer.capacity_reports > FULL_SHARE) {
        urgent.push({ text: t.judge.writer(writer.queued_reports, writer.capacity_reports), href: to("status"), action: t.judge.showStatus });
    }
    judgeSpool(status.spool, urgent, worth);
    for (const [name, provider] of Object.entries(status.providers)) {
        const minutes = provider.minutes_until_provider_gives_up;
        if (minutes !== null) {
            urgent.push({ text: t.judge.refusing(format.title(name), format.span(minutes * 60)), href: to("status"), action: t.judge.showStatus });
        }
    }
    for (const alarm of status.alarms ?? []) {
        const link = to("messages", { provider: alarm.provider, ...(alarm.country ? { country: alarm.country } : {}) });
        urgent.push({ text: t.judge.alarm(alarm.sentence), href: link, action: t.judge.showMessages });
    }
    for (const [name, sending] of Object.entries(status.sending ?? {})) judgeSending(name, sending, urgent, worth);
    for (const [name, count] of Object.entries(waits.letters)) {
        if (count) worth.push({ text: t.judge.deadLetters(format.title(name), count), href: to("dead-letters", { provider: name }), action: t.judge.showLetters });
    }
    for (const [name, count] of Object.entries(waits.quarantined)) {
        if (count) worth.push({ text: t.judge.quarantined(format.title(name), count), href: to("quarantine", { provider: name, authenticated: "true" }), action: t.judge.showQuarantine });
    }
    if (status.sending === null && database.reachable) worth.push({ text: t.judge.sendingUnknown(status.sending_problem) });
    if (database.warning) worth.push({ text: database.warning, href: to("status"), action: t.judge.showStatus });

    const items = [...urgent, ...worth];
    if (urgent.length) return { kind: "failed", sentence: t.judge.bad(urgent.length, urgent[0].text), items };
    if (worth.length) return { kind: "unknown", sentence: t.judge.look(worth.length), items };
    return { kind: "delivered", sentence: t.judge.well(waiting(status), t.judge.providers(Object.keys(status.providers).map(format.title))), items };
}

function judgeSpool(spool, urgent, worth) {
    if (!spool) return;
    const link = { href: to("status"), action: t.judge.showStatus };
    if (spool.problem) urgent.push({ text: t.judge.spoolFull(spool.problem), ...link });
    if (spool.waiting_callbacks) worth.push({ text: t.judge.spooled(spool.waiting_callbacks), ...link });
    if (spool.set_aside_files) worth.push({ text: t.judge.setAside(spool.set_aside_files), ...link });
}

function judgeSending(name, sending, urgent, worth) {
    const provider = format.title(name);
    const link = { href: to("messages", { provider: name, status: "queued" }), action: t.judge.showMessages };
    if (sending.state === "stopped") {
        const reason = [sending.reason?.detail, sending.reason?.code ? `(${sending.reason.code})` : null].filter(Boolean).join(" ");
        urgent.push({ text: t.judge.stopped(provider, reason, sending.queued), ...link });
    } else if (sending.state === "no_dispatcher" && sending.queued > 0) {
        urgent.push({ text: t.judge.noDispatcher(provider, sending.queued), ...link });
    } else if (sending.oldest_due_age_seconds > LATE_SECONDS) {
        worth.push({ text: t.judge.late(provider, sending.queued, format.span(sending.oldest_due_age_seconds)), ...link });
    }
}

function waiting(status) {
    return Object.values(status.sending ?? {}).reduce((sum, sending) => sum + sending.queued + sending.leased, 0);
}
