// Times: in the viewer's zone, with UTC on hover and focus; ages tick.
import { h } from "../core/dom.js";
import * as format from "../core/format.js";
import { t } from "../strings.js";

function element(text, time, write, focusable) {
    return h("time", {
        datetime: time.toISOString(), data: { tip: format.bothZones(time), write },
        tabindex: focusable ? "0" : null,
    }, text);
}

/** A moment, to the minute or second. `focusable` where no link or button around it takes the focus. */
export function at(text, { focusable = false, seconds = false } = {}) {
    if (!text) return t.none;
    const time = new Date(text);
    return element(seconds ? format.step(time) : format.moment(time), time, "moment", focusable);
}

/** How long ago, ticking. */
export function ago(text, { focusable = false } = {}) {
    if (!text) return t.none;
    const time = new Date(text);
    return element(format.age(time), time, "age", focusable);
}

/** The age of something that the API gives in seconds. */
export function secondsAgo(seconds, options) {
    if (seconds === null || seconds === undefined) return null;
    return ago(new Date(Date.now() - seconds * 1000).toISOString(), options);
}

function tick() {
    if (document.hidden) return;
    for (const found of document.querySelectorAll("time[data-write=age]")) {
        const text = format.age(new Date(found.dateTime));
        if (found.textContent !== text) found.textContent = text;
    }
}

export function startClock() {
    setInterval(tick, 5000);
}
