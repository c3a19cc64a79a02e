// The state of the service: its processes, database, writer, callbacks and sending of each provider.
import { api } from "../core/api.js";
import { every } from "../core/activity.js";
import { h, put } from "../core/dom.js";
import * as format from "../core/format.js";
import { badge } from "../parts/status.js";
import { loading, trouble } from "../parts/states.js";
import { facts } from "../parts/table.js";
import { ago, at, secondsAgo } from "../parts/time.js";
import { t } from "../strings.js";
import { processTable } from "./status/processes.js";

const ASK_MS = 5000;

export const title = () => t.nav.status;

export function show({ root, signal }) {
    const body = h("div", { class: "stack" }, loading());
    put(root, h("div", { class: "head" }, h("h1", null, t.nav.status)), body);

    async function load() {
        try {
            const status = await api.get("/v1/status", {}, signal);
            if (!body.contains(document.activeElement)) put(body, draw(status));
        } catch (problem) {
            if (signal.aborted) return;
            put(body, trouble(problem, load));
            throw problem;
        }
    }

    every(ASK_MS, load, signal);
}

function draw(status) {
    const { database, writer } = status;
    const milliseconds = (value) => (value === null ? t.none : format.span(value / 1000));
    return [
        h("section", { class: "stack tight" }, h("h2", null, t.process.title), processTable(status)),
        section(t.service.database, database.reachable && !database.problem ? badge("delivered", t.service.reachable) : badge("failed", t.service.away), [
            database.problem ? [t.service.problem, database.problem] : null,
            database.warning ? [t.service.warning, database.warning] : null,
            database.away_since ? [t.service.awaySince, at(database.away_since, { focusable: true })] : null,
            [t.service.latency, milliseconds(database.latency_ms)],
            [t.service.schema, t.service.schemaOf(database.migration, database.expected_migration)],
            [t.service.commits, database.synchronous_commit ?? t.none],
        ]),
        h("p", { class: "quiet small" }, t.service.of, ago(status.started_at, { focusable: true }), "."),
        section(t.service.writer, null, [
            [t.service.waiting, t.service.of2(writer.queued_reports, writer.capacity_reports)],
            [t.service.commitHalf, milliseconds(writer.commit_ms.p50)], [t.service.commitMost, milliseconds(writer.commit_ms.p99)],
        ]),
        status.spool ? spoolSection(status.spool) : null,
        ...Object.entries(status.providers).map(([name, provider]) => providerSection(name, provider, status.sending?.[name])),
        status.sending === null ? h("p", { class: "card" }, status.sending_problem) : null,
    ];
}

function section(title, mark, pairs, ...more) {
    return h("section", { class: "card stack tight" }, h("div", { class: "section-head" }, h("h2", null, title), mark), facts(pairs), more);
}

/** Callbacks that are kept on disk until the database takes them. */
function spoolSection(spool) {
    return section(t.spool.title, spool.problem ? badge("failed", t.spool.full) : badge("delivered", t.spool.takes), [
        spool.problem ? [t.service.problem, spool.problem] : null,
        [t.spool.waiting, t.spool.waitingOf(spool.waiting_callbacks, format.bytes(spool.waiting_bytes))],
        [t.spool.oldest, secondsAgo(spool.oldest_age_seconds, { focusable: true }) ?? t.none],
        [t.spool.drained, t.spool.rate(spool.drained_per_second)],
        [t.spool.disk, t.spool.diskOf(format.bytes(spool.bytes), format.bytes(spool.limit_bytes))],
        spool.set_aside_files ? [t.spool.setAside, format.count(spool.set_aside_files)] : null,
    ]);
}

function providerSection(name, provider, sending) {
    const counts = provider.callbacks;
    const reports = provider.reports;
    return section(format.title(name), sending ? badge({ running: "delivered", stopped: "failed" }[sending.state] ?? "unknown", t.provider.states[sending.state] ?? sending.state) : null, [
        [t.provider.lastCallback, secondsAgo(provider.last_callback_age_seconds, { focusable: true }) ?? t.provider.never],
        [t.service.verified, provider.last_verified_by ?? t.none],
        provider.refusing_since ? [t.service.refusingSince, at(provider.refusing_since, { focusable: true })] : null,
        provider.minutes_until_provider_gives_up !== null ? [t.service.givesUp, format.span(provider.minutes_until_provider_gives_up * 60)] : null,
        sending ? [t.provider.queued, format.count(sending.queued)] : null,
        sending ? [t.service.leased, format.count(sending.leased)] : null,
        sending ? [t.provider.unsure, format.count(sending.unsure)] : null,
        sending ? [t.provider.awaiting, format.count(sending.awaiting_report)] : null,
        sending ? [t.service.oldest, sending.oldest_due_age_seconds === null ? t.none : format.span(sending.oldest_due_age_seconds)] : null,
        sending?.reason ? [t.service.reason, [sending.reason.detail, sending.reason.code].filter(Boolean).join(" ")] : null,
    ], h("div", { class: "table-frame low", role: "region", tabindex: "0", "aria-label": `${t.service.received}: ${format.title(name)}` }, h("table", null,
        h("caption", { class: "unseen" }, t.service.received),
        h("thead", null, h("tr", null, h("th", { scope: "col" }, t.service.received), t.service.windows.map((word) => h("th", { scope: "col", class: "end" }, word)))),
        h("tbody", null, [
            [t.service.callbacks, counts.accepted], [t.service.callbacksRefused, counts.refused],
            [t.service.reports, reports.accepted], [t.service.reportsRefused, reports.refused],
        ].map(([word, windows]) => h("tr", null, h("th", { scope: "row" }, word),
            [windows.last_minute, windows.last_hour, windows.last_day].map((value) => h("td", { class: "end" }, format.count(value)))))))),
    sending ? facts(Object.entries(sending.counts).map(([word, value]) => [t.service.counts[word] ?? word.replaceAll("_", " "), format.count(value)])) : null);
}
