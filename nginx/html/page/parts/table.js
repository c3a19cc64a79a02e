// Tables: real ones, in a frame that scrolls sideways by keyboard too.
import { h, put } from "../core/dom.js";

/**
 * A table. A column is {key, title, cell(row), class?, less?}: where there is little
 * room, those with `less` "least" go first and those with "minor" then.
 * Rows are kept by `id(row)`, so that an update touches only what changed.
 */
export function table({ caption, columns, id = (row) => row.id, header = 0 }) {
    const head = h("tr");
    const body = h("tbody");
    const frame = h("div", { class: "table-frame", role: "region", "aria-label": caption, tabindex: "0" },
        h("table", null, h("caption", { class: "unseen" }, caption), h("thead", null, head), body));
    const element = h("div", { class: "frame" }, frame);
    const rows = new Map();
    let shown = columns;

    const classes = (column) => [column.class, column.less].filter(Boolean).join(" ") || null;

    function drawHead() {
        put(head, shown.map((column) => h("th", { scope: "col", class: classes(column) }, column.title)));
    }

    function draw(row, element = h("tr")) {
        return put(element, shown.map((column, index) => h(index === header ? "th" : "td", {
            class: classes(column), scope: index === header ? "row" : null,
        }, column.cell(row))));
    }

    drawHead();
    return {
        element, body,
        has: (key) => rows.has(key),
        get size() {
            return rows.size;
        },
        /** Shows exactly these rows. */
        set(list) {
            rows.clear();
            body.replaceChildren();
            this.append(list);
        },
        append(list) {
            for (const row of list) {
                if (rows.has(id(row))) continue;
                const drawn = draw(row);
                rows.set(id(row), { row, drawn });
                body.append(drawn);
            }
        },
        /** Puts rows on top, the first of them first, and marks them. */
        prepend(list) {
            for (const row of [...list].reverse()) {
                if (rows.has(id(row))) continue;
                const drawn = draw(row);
                rows.set(id(row), { row, drawn });
                body.prepend(drawn);
                mark(drawn);
            }
        },
        /** Redraws a row if it is there and has changed; keeps the focus. Returns whether it was there. */
        update(row) {
            const known = rows.get(id(row));
            if (!known) return false;
            if (JSON.stringify(known.row) === JSON.stringify(row)) return true;
            const focused = known.drawn.contains(document.activeElement);
            known.row = row;
            draw(row, known.drawn);
            if (focused) known.drawn.querySelector("a, button")?.focus();
            mark(known.drawn);
            return true;
        },
        /** Drops rows at the end beyond so many. */
        trim(most) {
            while (rows.size > most) {
                const last = body.lastElementChild;
                for (const [key, { drawn }] of rows) if (drawn === last) rows.delete(key);
                last.remove();
            }
        },
        /** Other columns; with `all` none gives way. */
        columns(list, all) {
            shown = list;
            frame.classList.toggle("all", all);
            drawHead();
            for (const { row, drawn } of rows.values()) draw(row, drawn);
        },
    };
}

/** Marks what has changed, for two seconds. */
export function mark(element) {
    element.classList.remove("changed");
    requestAnimationFrame(() => {
        element.classList.add("changed");
        setTimeout(() => element.classList.remove("changed"), 2000);
    });
}

/** Names and values. */
export function facts(pairs) {
    return h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) =>
        h("div", null, h("dt", null, name), h("dd", null, value))));
}
