// Bytes from elsewhere, as text that is safe to read: JSON set out, forms a line a field, everything that is
// not text as hexadecimal digits.

// Beyond so many nobody reads them.
const MOST_BYTES = 64 << 10;

/** The bytes of a text in base64. */
export function bytesOf(base64) {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** The text of bytes in UTF-8; null if they are none. */
export function textOf(bytes) {
    try {
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        // eslint-disable-next-line no-control-regex
        return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? null : text;
    } catch {
        return null;
    }
}

/** JSON is set out; everything else as it is, with control characters made visible. */
export function readable(given) {
    let text = given;
    try {
        text = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        // A form, a line for each field.
        text = text.replace(/&/g, "&\n");
    }
    // eslint-disable-next-line no-control-regex
    return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Sixteen bytes a line: the place, the bytes, and what of them is ASCII. */
export function hexDump(bytes) {
    const hex = (value, digits) => value.toString(16).padStart(digits, "0");
    const lines = [];
    for (let place = 0; place < Math.min(bytes.length, MOST_BYTES); place += 16) {
        const row = [...bytes.subarray(place, place + 16)];
        const shown = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
        lines.push(`${hex(place, 6)}  ${row.map((byte) => hex(byte, 2)).join(" ").padEnd(47)}  ${shown}`);
    }
    if (bytes.length > MOST_BYTES) lines.push("…");
    return lines.join("\n");
}
