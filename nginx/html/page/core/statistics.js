// Counts of messages over time, for the charts.
import { api } from "./api.js";

const HOUR = 3600 * 1000;

/** The periods of the overview: how long, in what pieces, and what they are compared with. */
export const PERIODS = {
    day: { hours: 24, bucket: "hour", before: 24 },
    week: { hours: 7 * 24, bucket: "hour", before: 7 * 24 },
    month: { hours: 30 * 24, bucket: "day", before: 28 * 24 },
};

/** [from, to) of a period that ends with the present hour or day. */
export function span(name, now = Date.now()) {
    const { hours, bucket } = PERIODS[name];
    const step = bucket === "day" ? 24 * HOUR : HOUR;
    const end = (Math.floor(now / step) + 1) * step;
    return { from: new Date(end - hours * HOUR), to: new Date(end) };
}

/** The counts of a period, and those of the same time before. */
export async function counts(name, signal) {
    const { bucket, before } = PERIODS[name];
    const { from, to } = span(name);
    const shift = before * HOUR;
    const ask = (start, end) => api.get("/v1/stats", { from: start.toISOString(), to: end.toISOString(), bucket }, signal);
    const [present, earlier] = await Promise.all([
        ask(from, to), ask(new Date(from - shift), new Date(to - shift)),
    ]);
    return { bucket, present: read(present), before: read(earlier) };
}

/** The commonest errors of a period. */
export async function errors(name, signal) {
    const { from, to } = span(name);
    const answer = await api.get("/v1/errors", { from: from.toISOString(), to: to.toISOString(), limit: 10 }, signal);
    return { list: answer.errors, since: from };
}

function read(answer) {
    return {
        totals: figures(answer.totals),
        times: answer.buckets.map((piece) => new Date(piece.start)),
        pieces: answer.buckets.map(figures),
    };
}

function figures(counted) {
    return {
        messages: counted.messages,
        rate: counted.delivery_rate,
        p50: counted.time_to_delivery.p50,
        p90: counted.time_to_delivery.p90,
    };
}
