// What may stand for a character that is not in the alphabet of ordinary SMS.
import { isGSM7 } from "./segmentation.js";

const TABLE = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "'", "´": "'",
    "“": "\"", "”": "\"", "„": "\"", "‟": "\"", "″": "\"", "«": "\"", "»": "\"", "‹": "'", "›": "'",
    "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-",
    "…": "...", "•": "-", "·": "-", "×": "x", "÷": "/", "©": "(c)", "®": "(R)", "™": "TM", "№": "No",
    "\u00a0": " ", "\u2002": " ", "\u2003": " ", "\u2007": " ", "\u2009": " ", "\u202f": " ", "\t": " ",
    "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\u00ad": "",
    "½": "1/2", "¼": "1/4", "¾": "3/4", "→": "->", "←": "<-", "≤": "<=", "≥": ">=", "≠": "<>",
    "ç": "c", "Œ": "OE", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ẞ": "SS",
};

/** The replacement of a character, or null if there is none that says the same. */
export function replacement(character) {
    if (character in TABLE) return TABLE[character];
    // A letter without its accent, as é is in the alphabet and ê is not.
    const base = character.normalize("NFD").replace(/\p{M}/gu, "");
    return base !== character && base !== "" && [...base].every(isGSM7) ? base : null;
}

/** The characters of a text that force UCS-2: [{character, count, replacement}]. */
export function forcing(text) {
    const found = new Map();
    for (const character of text) {
        if (isGSM7(character)) continue;
        const known = found.get(character) ?? { character, count: 0, replacement: replacement(character) };
        known.count += 1;
        found.set(character, known);
    }
    return [...found.values()];
}

/** The text with all replacements that there are. */
export function replaced(text) {
    return [...text].map((character) => (isGSM7(character) ? character : replacement(character) ?? character)).join("");
}
