// A column of checkboxes in a table, with one in its head for all rows that are shown.
import { h } from "../core/dom.js";
import { t } from "../strings.js";

/**
 * The column, and what is chosen. `name(row)` says for a screen reader what a checkbox chooses; no
 * row is offered for which `can(row)` is false; `changed(count)` is called after each change.
 */
export function selection({ name, can = () => true, changed, id = (row) => row.id }) {
    const chosen = new Map();
    const boxes = new Map();
    const all = h("input", { type: "checkbox", "aria-label": t.selection.all, on: { change: () => {
        for (const { row, box } of living()) {
            box.checked = all.checked;
            if (all.checked) chosen.set(id(row), row);
            else chosen.delete(id(row));
        }
        draw();
    } } });

    /** Those that are in the table: it may have been filled anew. */
    function living() {
        for (const [key, { box }] of boxes) if (!box.isConnected) boxes.delete(key);
        return [...boxes.values()];
    }

    function draw() {
        const shown = living().length;
        all.checked = shown > 0 && chosen.size >= shown;
        all.indeterminate = chosen.size > 0 && !all.checked;
        changed(chosen.size);
    }

    return {
        column: {
            key: "choose", class: "choose", title: [h("span", { class: "unseen" }, t.selection.title), all],
            cell: (row) => {
                if (!can(row)) return null;
                const box = h("input", { type: "checkbox", "aria-label": t.selection.one(name(row)), checked: chosen.has(id(row)) });
                box.addEventListener("change", () => {
                    if (box.checked) chosen.set(id(row), row);
                    else chosen.delete(id(row));
                    draw();
                });
                boxes.set(id(row), { row, box });
                return box;
            },
        },
        get rows() {
            return [...chosen.values()];
        },
        clear() {
            chosen.clear();
            for (const { box } of boxes.values()) box.checked = false;
            draw();
        },
    };
}
