// A QR code as a drawing: dark on white in dark mode too, because not every camera reads the inverse.
import { s } from "../core/dom.js";
import { qrCode } from "./code.js";

export function drawQR(text, label) {
    const rows = qrCode(text);
    const size = rows.length + 8;
    const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join("");
    return s("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" },
        s("rect", { width: size, height: size }), s("path", { d: path }));
}
