// Numbers, times and durations as people write them.
import { t } from "../strings.js";

const locale = t.locale;
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, {
    style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
});
const wholePercent = new Intl.NumberFormat(locale, { style: "percent" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const toTheSecond = new Intl.DateTimeFormat(locale, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});
const exactClock = new Intl.DateTimeFormat(locale, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const zone = new Intl.DateTimeFormat(locale, { timeZoneName: "short" });

export const count = (value) => (value == null ? t.none : whole.format(value));
export const compact = (value) => (Math.abs(value) < 10000 ? whole.format(value) : short.format(value));

/** A share of 1; never rounded up to 100% or down to 0%. */
export function share(value) {
    if (value == null || Number.isNaN(value)) return t.none;
    if (value < 1 && value > 0.9995) return `>${percent.format(0.999)}`;
    if (value > 0 && value < 0.0005) return `<${percent.format(0.001)}`;
    return (Math.abs(value * 100 - Math.round(value * 100)) < 1e-9 ? wholePercent : percent).format(value);
}

/** The day, short; with its year if that is not this one. */
export function date(time) {
    return time.getFullYear() === new Date().getFullYear() ? day.format(time) : dayAndYear.format(time);
}

export const hour = (time) => clock.format(time);

/** "14:05" today, "24 Nov, 14:05" before. */
export function moment(time) {
    const today = new Date().toDateString() === time.toDateString();
    return today ? clock.format(time) : `${date(time)}, ${clock.format(time)}`;
}

/** With seconds: for a list of steps. */
export function step(time) {
    const today = new Date().toDateString() === time.toDateString();
    return today ? toTheSecond.format(time) : `${date(time)}, ${toTheSecond.format(time)}`;
}

/** With milliseconds. */
export const exact = (time) => `${date(time)}, ${exactClock.format(time)}`;

/** The same moment in UTC and here, for hover and focus. */
export function bothZones(time) {
    const here = zone.formatToParts(time).find((part) => part.type === "timeZoneName")?.value ?? "";
    return `${time.toISOString().replace("T", " ").replace(/\.?0*Z$/, "")} UTC\n${exact(time)} ${here}`;
}

/** A span in words: "3 min", "1 h 20 min", "240 ms". */
export function span(seconds) {
    if (seconds == null) return t.none;
    const value = Math.max(0, seconds);
    if (value === 0) return "0 s";
    if (value < 1) return `${Math.max(1, Math.round(value * 1000))} ms`;
    if (value < 10) return `${(Math.round(value * 10) / 10).toLocaleString(locale)} s`;
    if (value < 90) return `${Math.round(value)} s`;
    const minutes = Math.round(value / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return t.days(Math.round(hours / 24));
}

/** How long ago, or in how long. */
export function age(time, now = Date.now()) {
    const seconds = (now - time.getTime()) / 1000;
    if (Math.abs(seconds) < 5) return t.time.now;
    const text = span(Math.round(Math.abs(seconds)));
    return seconds > 0 ? t.time.ago(text) : t.time.in(text);
}

/** Memory and sizes, in megabytes. */
export function bytes(value) {
    if (value == null) return t.none;
    return value < 1e6 ? `${whole.format(Math.ceil(value / 1000))} kB` : `${whole.format(Math.round(value / 1e6))} MB`;
}

/** A name of the API as people write it: the providers' names are data. */
export function title(name) {
    return name ? name[0].toUpperCase() + name.slice(1) : t.none;
}

export function money(price) {
    if (!price) return t.none;
    return `${price.amount} ${price.currency}`;
}

const regions = new Intl.DisplayNames([locale], { type: "region" });

export function country(code) {
    try {
        return code ? regions.of(code) : t.none;
    } catch {
        return code;
    }
}
