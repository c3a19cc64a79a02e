// What happened to a message, the earliest first, with the time between the steps. Each report can show
// the callback that it came in, as it was received.
import { h } from "../../core/dom.js";
import * as format from "../../core/format.js";
import * as session from "../../core/session.js";
import { kindOf, statusBadge } from "../../parts/status.js";
import { icon } from "../../parts/icons.js";
import { at } from "../../parts/time.js";
import { t } from "../../strings.js";
import { rawCallback } from "./raw-callback.js";

/** The list of steps. */
export function timeline(message, { signal }) {
    const steps = stepsOf(message);
    let before = null;
    return h("ol", { class: "timeline" }, steps.map((step) => {
        const gap = before ? (new Date(step.at) - new Date(before)) / 1000 : null;
        before = step.at;
        return h("li", { class: step.status ? kindOf(step.status) : "neutral" },
            h("div", { class: "timeline-when" }, at(step.at, { focusable: true, seconds: true }),
                gap !== null ? h("span", { class: "quiet small" }, t.timeline.after(format.span(gap))) : null),
            h("div", { class: "timeline-what" },
                h("div", { class: "buttons" }, h("span", { class: "strong" }, step.title), step.status ? statusBadge(step.status) : null,
                    step.won ? h("span", { class: "won small" }, icon("delivered"), t.timeline.won) : null),
                step.text ? h("p", null, step.text) : null,
                step.why ? h("p", { class: "quiet small" }, step.why) : null,
                step.callback && session.may("send") ? rawCallback(step.callback, signal) : null));
    }));
}

/** The API's timeline, with the submission before it. */
function stepsOf(message) {
    const steps = message.timeline.map((entry) => (entry.type === "report" ? reportStep(entry) : eventStep(entry)));
    if (message.sent_by_us) {
        steps.unshift({ at: message.created_at, title: t.timeline.events.submitted,
            text: message.submitted_by ? t.message.submitter(message.submitted_by) : null });
    }
    return steps;
}

function reportStep(report) {
    const words = report.provider_status?.description ?? report.provider_status?.name;
    const error = report.error?.code && report.status !== "delivered" ? [report.error.description ?? report.error.name, `(${report.error.code})`].filter(Boolean).join(" ") : null;
    const dated = report.done_at && Math.abs(new Date(report.done_at) - new Date(report.at)) > 1000 ? report.done_at : null;
    return {
        at: report.at, status: report.status, won: report.won, callback: report.callback_id,
        title: report.source === "callback" || !report.source ? t.timeline.report : t.timeline.lookedUp,
        text: [words, error, report.part ? t.timeline.part(report.part, report.parts) : null].filter(Boolean).join(" · "),
        why: [report.why, dated ? t.timeline.dated(format.exact(new Date(dated))) : null].filter(Boolean).join(" "),
    };
}

function eventStep(entry) {
    return {
        at: entry.at, status: entry.status, won: entry.won,
        title: t.timeline.events[entry.kind] ?? entry.kind.replaceAll("_", " "),
        text: [entry.provider ? format.title(entry.provider) : null, entry.attempt ? t.timeline.attempt(entry.attempt) : null,
            entry.detail, entry.code ? `(${entry.code})` : null].filter(Boolean).join(" · "),
        why: entry.why,
    };
}
