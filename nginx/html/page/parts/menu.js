// A button with something that opens below it: <details>, closed by Escape and by a click elsewhere.
import { h } from "../core/dom.js";

export function menu(label, content, { right = false } = {}) {
    const element = h("details", { class: right ? "menu right" : "menu" },
        h("summary", { class: "button" }, label), h("div", { class: "menu-body" }, content));
    element.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || !element.open) return;
        element.open = false;
        element.querySelector("summary").focus();
    });
    return element;
}

document.addEventListener("pointerdown", (event) => {
    for (const open of document.querySelectorAll("details.menu[open]")) {
        if (!open.contains(event.target)) open.open = false;
    }
});
