// How it went: messages, delivery rate and time to delivery, each beside the same time before.
import { h, put } from "../../core/dom.js";
import * as format from "../../core/format.js";
import { counts } from "../../core/statistics.js";
import { chart, timeLabel } from "../../parts/chart.js";
import { t } from "../../strings.js";

export async function charts(root, period, signal) {
    const { bucket, present, before } = await counts(period, signal);
    const open = [...root.querySelectorAll("details")].map((details) => details.open);
    const label = timeLabel(period === "day" ? "hour" : "day");
    const shared = { times: present.times, label: period === "week" ? weekLabel : label };
    const earlier = t.overview.before[period];
    const pick = (from, name) => from.pieces.map((piece) => piece[name]);
    const change = present.totals.messages - before.totals.messages;
    put(root, h("div", { class: "charts" },
        chart({
            ...shared, title: t.overview.messages, write: format.compact,
            sentence: t.overview.messagesSentence(present.totals.messages, before.totals.messages ? change / before.totals.messages : null, earlier),
            series: [{ name: t.overview.messages, values: pick(present, "messages"), kind: "now", fill: true },
                { name: earlier, values: pick(before, "messages"), kind: "before" }],
        }),
        chart({
            ...shared, title: t.overview.rate, write: format.share, range: rateRange([...pick(present, "rate"), ...pick(before, "rate")]),
            sentence: present.totals.rate === null ? t.overview.noRate : t.overview.rateSentence(format.share(present.totals.rate)),
            series: [{ name: t.overview.rate, values: pick(present, "rate"), kind: "delivered" },
                { name: earlier, values: pick(before, "rate"), kind: "before" }],
        }),
        chart({
            ...shared, title: t.overview.time, write: format.span,
            sentence: present.totals.p50 === null ? t.overview.noTime : t.overview.timeSentence(format.span(present.totals.p50), format.span(present.totals.p90)),
            series: [{ name: t.overview.p50, values: pick(present, "p50"), kind: "now" },
                { name: t.overview.p90, values: pick(present, "p90"), kind: "second" }],
        })));
    root.querySelectorAll("details").forEach((details, index) => {
        details.open = open[index] ?? false;
    });
    return bucket;
}

function weekLabel(time, exact) {
    return exact ? `${format.date(time)}, ${format.hour(time)}` : format.date(time);
}

/** The axis of a rate: to 100%, from the tens below the lowest value, so that changes are seen. */
function rateRange(values) {
    const lowest = Math.min(1, ...values.filter((value) => value != null));
    return [Math.max(0, Math.floor(lowest * 10 - 0.01) / 10), 1];
}
