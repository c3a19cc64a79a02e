// Makes elements. Text only ever becomes text: nothing here, or anywhere in the page, parses HTML.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "indeterminate", "hidden"]);

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === undefined || value === null || value === false) {
            if (PROPERTIES.has(name) && value === false) element[name] = false;
        } else if (name === "on") {
            for (const [event, handler] of Object.entries(value)) {
                element.addEventListener(event, handler);
            }
        } else if (name === "data") {
            Object.assign(element.dataset, value);
        } else if (PROPERTIES.has(name)) {
            element[name] = value;
        } else {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
    add(element, children);
    return element;
}

/** Adds children: elements, texts, numbers, lists of these; null and false add nothing. */
export function add(element, ...children) {
    for (const child of children.flat(Infinity)) {
        if (child === null || child === undefined || child === false || child === "") continue;
        element.append(child instanceof Node ? child : String(child));
    }
    return element;
}

/** An element of HTML: h("a", {href: "#/", on: {click}}, "text", h("b", null, "more")). */
export function h(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Replaces what an element holds. */
export function put(element, ...children) {
    element.replaceChildren();
    return add(element, children);
}

let lastID = 0;

/** An id that no other element has. */
export function freshID(word = "e") {
    lastID += 1;
    return `${word}-${lastID}`;
}
