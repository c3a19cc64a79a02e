// One small note that shows an element's data-tip on hover and on focus; Escape hides it.
import { h } from "../core/dom.js";

const note = h("div", { class: "tip", role: "tooltip", id: "tip", hidden: true });
let owner = null;

function show(element) {
    owner = element;
    note.textContent = element.dataset.tip;
    // Inside of a dialog, which would cover it, or of a landmark.
    (element.closest("dialog, main, nav") ?? document.body).append(note);
    note.hidden = false;
    note.style.setProperty("left", "0px");
    const box = element.getBoundingClientRect();
    const size = note.getBoundingClientRect();
    const left = Math.max(8, Math.min(innerWidth - size.width - 8, box.left));
    const above = box.top - size.height - 4;
    note.style.setProperty("left", `${left}px`);
    note.style.setProperty("top", `${above > 8 ? above : box.bottom + 4}px`);
}

function hide() {
    owner = null;
    note.hidden = true;
}

function tipped(target) {
    return target instanceof Element
        ? target.closest("[data-tip]") ?? (target.matches("a, button") ? target.querySelector("[data-tip]") : null)
        : null;
}

/** Starts it once for the whole document. */
export function startTips() {
    document.addEventListener("pointerover", (event) => {
        const element = tipped(event.target);
        if (element) show(element);
        else if (event.target !== note) hide();
    });
    document.addEventListener("focusin", (event) => {
        const element = tipped(event.target);
        if (element && event.target.matches(":focus-visible")) show(element);
        else hide();
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && owner) hide();
    });
    addEventListener("scroll", hide, { passive: true, capture: true });
}
