// Charts: SVG lines over time, labelled directly, each with its table one click away.
import { h, s, put } from "../core/dom.js";
import * as format from "../core/format.js";
import { t } from "../strings.js";

const HEIGHT = 148;
const TOP = 12;
const BOTTOM = 24;

/** Round steps for an axis from 0. */
export function ticks(highest, most = 3) {
    if (!(highest > 0)) return [0, 1];
    const rough = highest / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
    const list = [];
    for (let value = 0; value < highest + step * 0.999; value += step) list.push(Number(value.toPrecision(12)));
    return list;
}

/**
 * A chart of one or two series.
 *
 * - series: [{name, values, kind}], the values one for each of `times`, null for none; a series of
 *   kind "before" is drawn pale.
 * - write: a value as people read it. - range: the axis' two ends, if they are fixed; else it begins at 0.
 */
export function chart({ title, sentence, times, series, write, range, label }) {
    const drawing = h("div", { class: "chart-drawing" });
    const reading = h("p", { class: "chart-reading quiet small", "aria-hidden": "true", hidden: true });
    const names = h("ul", { class: "chart-names", "aria-hidden": "true" }, series.map((one) => h("li", { class: one.kind }, one.name)));
    const figure = h("figure", { class: "chart" },
        h("figcaption", null, h("h3", null, title), h("p", { class: "quiet small" }, sentence)),
        drawing, names, reading, asTable(title, times, series, write, label));
    const redraw = () => draw(drawing, names, reading, { title, sentence, times, series, write, range, label });
    new ResizeObserver(redraw).observe(drawing);
    return figure;
}

function asTable(title, times, series, write, label) {
    const details = h("details", { class: "chart-table" }, h("summary", null, t.chart.asTable,
        h("span", { class: "unseen" }, `: ${title}`)));
    details.addEventListener("toggle", () => {
        if (details.childElementCount > 1) return;
        details.append(h("div", { class: "table-frame low", role: "region", "aria-label": title, tabindex: "0" }, h("table", null,
            h("caption", { class: "unseen" }, title),
            h("thead", null, h("tr", null, h("th", { scope: "col" }, t.chart.time),
                series.map((one) => h("th", { scope: "col", class: "end" }, one.name)))),
            h("tbody", null, times.map((time, index) => h("tr", null, h("th", { scope: "row" }, label(time)),
                series.map((one) => h("td", { class: "end" },
                    one.values[index] == null ? t.none : write(one.values[index])))))))));
    });
    return details;
}

function draw(drawing, names, reading, { title, sentence, times, series, write, range, label }) {
    const width = Math.max(220, drawing.clientWidth);
    const all = series.flatMap((one) => one.values).filter((value) => value != null);
    const marks = range ? [range[0], (range[0] + range[1]) / 2, range[1]] : ticks(Math.max(0, ...all));
    const [start, end] = [marks[0], marks.at(-1)];
    const left = 12 + Math.max(...marks.map((mark) => write(mark).length)) * 7.5;
    const right = width - 10;
    const x = (index) => left + (times.length < 2 ? 0 : (index * (right - left)) / (times.length - 1));
    const y = (value) => TOP + (1 - (value - start) / (end - start)) * (HEIGHT - TOP - BOTTOM);

    const svg = s("svg", {
        viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `${title}. ${sentence}`,
    });
    for (const mark of marks) {
        svg.append(
            s("line", { class: mark === start ? "axis" : "grid", x1: left, x2: right, y1: y(mark), y2: y(mark) }),
            s("text", { class: "axis-text", x: left - 6, y: y(mark) + 4, "text-anchor": "end" }, write(mark)));
    }
    const labels = Math.max(2, Math.min(5, Math.floor((right - left) / 72)));
    for (let step = 0; step < labels && times.length > 1; step += 1) {
        const index = Math.round((step * (times.length - 1)) / (labels - 1));
        const anchor = step === 0 ? "start" : step === labels - 1 ? "end" : "middle";
        svg.append(s("text", { class: "axis-text", x: x(index), y: HEIGHT - 6, "text-anchor": anchor }, label(times[index])));
    }
    for (const one of [...series].reverse()) {
        for (const run of runs(one.values)) {
            if (run.length === 1) {
                svg.append(s("circle", { class: `dot ${one.kind}`, cx: x(run[0]), cy: y(one.values[run[0]]), r: 2.5 }));
                continue;
            }
            const line = run.map((index, step) => `${step ? "L" : "M"}${x(index).toFixed(1)} ${y(one.values[index]).toFixed(1)}`).join("");
            if (one.fill) {
                svg.append(s("path", { class: `area ${one.kind}`, d: `${line}L${x(run.at(-1)).toFixed(1)} ${y(start)}L${x(run[0]).toFixed(1)} ${y(start)}Z` }));
            }
            svg.append(s("path", { class: `line ${one.kind}`, d: line }));
        }
    }
    const cursor = s("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    svg.append(cursor);
    svg.addEventListener("pointermove", (event) => {
        const place = (event.clientX - svg.getBoundingClientRect().left - left) / (right - left);
        const index = Math.max(0, Math.min(times.length - 1, Math.round(place * (times.length - 1))));
        cursor.setAttribute("x1", x(index));
        cursor.setAttribute("x2", x(index));
        cursor.setAttribute("visibility", "visible");
        names.hidden = true;
        reading.hidden = false;
        put(reading, [label(times[index], true), ...series.map((one) =>
            `${one.name}: ${one.values[index] == null ? t.none : write(one.values[index])}`)].join(" · "));
    });
    svg.addEventListener("pointerleave", () => {
        cursor.setAttribute("visibility", "hidden");
        names.hidden = false;
        reading.hidden = true;
    });
    put(drawing, svg);
}

/** The stretches without a gap, as lists of places. */
function runs(values) {
    const list = [];
    let run = [];
    values.forEach((value, index) => {
        if (value == null) {
            if (run.length) list.push(run);
            run = [];
        } else {
            run.push(index);
        }
    });
    if (run.length) list.push(run);
    return list;
}

/** Labels of a time axis: hours of one day, or days. */
export function timeLabel(bucket) {
    return (time, exact) => {
        if (bucket === "day") return format.date(time);
        return exact ? `${format.date(time)}, ${format.hour(time)}` : format.hour(time);
    };
}
